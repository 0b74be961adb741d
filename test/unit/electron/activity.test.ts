import { describe, expect, it, vi } from 'vitest';
import { Activity } from '../../../main/electron/activity.ts';
import { endOf } from '../../../main/electron/notifications.ts';
import { quitQuestion } from '../../../main/electron/quit.ts';
import { wordsFor } from '../../../main/electron/words.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';

vi.mock('electron', () => ({ dialog: {}, Notification: vi.fn() }));

const words = wordsFor('en', 'en-GB');

function run(id: string, state: RunView['state'], more: Partial<RunView> = {}): RunView {
  return {
    id,
    name: id,
    state,
    step: 0,
    totalSteps: 100,
    bestTop1: null,
    error: null,
    ...more,
  } as RunView;
}

function task(id: string, state: Task['state'], done = 0, total = 0): Task {
  return { id, state, done, total } as Task;
}

function activity(runs: RunView[], tasks: Task[] = []): Activity {
  const made = new Activity();
  made.reset(runs, tasks);
  return made;
}

describe('progress in the task bar', () => {
  it.each([
    ['nothing', activity([run('a', 'done')], [task('t', 'done', 3, 3)]), null],
    [
      'the run that is trained',
      activity([run('a', 'queued'), run('b', 'running', { step: 25 })]),
      0.25,
    ],
    ['a run that is still prepared', activity([run('b', 'running', { totalSteps: 0 })]), 'unknown'],
    [
      'a run before a task',
      activity([run('b', 'running', { step: 50 })], [task('t', 'running', 1, 10)]),
      0.5,
    ],
    ['a task', activity([run('a', 'paused')], [task('t', 'running', 1, 10)]), 0.1],
    ['a task that does not know yet', activity([], [task('t', 'running', 5, 0)]), 'unknown'],
    ['never more than all', activity([], [task('t', 'running', 12, 10)]), 1],
  ])('is that of %s', (_what, { share }, expected) => {
    expect(share).toBe(expected);
  });
});

describe('what goes on', () => {
  it('follows the events', () => {
    const followed = activity([run('a', 'queued')]);
    expect(followed.idle).toBe(false);
    expect(followed.goingRuns).toEqual([]);
    expect(followed.tookRun(run('a', 'running'))).toBe('queued');
    expect(followed.goingRuns.map(({ id }) => id)).toEqual(['a']);
    expect(followed.tookRun(run('a', 'done'))).toBe('running');
    expect(followed.tookRun(run('new', 'running'))).toBeUndefined();
    followed.clear();
    expect(followed.idle).toBe(true);
  });
});

describe('the question before quitting', () => {
  it('is not asked when nothing goes on', () => {
    const idle = activity([run('a', 'queued'), run('b', 'interrupted')], [task('t', 'failed')]);
    expect(quitQuestion(idle, words)).toBeNull();
  });

  it('names the run, and says that it pauses', () => {
    expect(quitQuestion(activity([run('leaves', 'running')]), words)).toMatchObject({
      message: '“leaves” is still being trained',
      detail: words.runDetail,
      buttons: ['Continue without the window', 'Quit and continue later', 'Cancel'],
      cancelId: 2,
    });
  });

  it('counts several runs, and tells what becomes of tasks', () => {
    const busy = activity([run('a', 'running'), run('b', 'paused')], [task('t', 'running')]);
    expect(quitQuestion(busy, words)).toMatchObject({
      message: '2 runs are still being trained',
      detail: `${words.runDetail} ${words.taskDetail}`,
    });
    expect(quitQuestion(activity([], [task('t', 'running')]), words)).toMatchObject({
      message: 'A task is still under way',
      detail: words.taskDetail,
      buttons: ['Continue without the window', 'Cancel it and quit', 'Cancel'],
    });
  });
});

describe('a run that ends', () => {
  it('is told of with its accuracy, or with what went wrong', () => {
    expect(endOf(run('leaves', 'done', { bestTop1: 0.9137 }), 'running', words)).toEqual({
      title: '“leaves” is trained',
      body: 'Best validation accuracy 91.4 %.',
    });
    const error = { code: 'diverged', message: 'The loss is no number.', hint: '' } as const;
    expect(endOf(run('leaves', 'failed', { error }), 'running', words)).toEqual({
      title: '“leaves” failed',
      body: 'The loss is no number.',
    });
  });

  it.each([
    ['running', 'running'],
    ['stopped', 'running'],
    ['interrupted', 'running'],
    ['done', 'done'],
    ['done', undefined],
  ] as const)('is not told of when it is %s and was %s', (state, before) => {
    expect(endOf(run('a', state), before, words)).toBeNull();
  });
});

it('speaks the language of the settings, or that of the system', () => {
  expect(wordsFor('system', 'zh-CN').quit).toBe('退出');
  expect(wordsFor('system', 'zh').quit).toBe('退出');
  expect(wordsFor('system', 'de-DE').quit).toBe('Quit');
  expect(wordsFor('zh-CN', 'en-GB').quit).toBe('退出');
  expect(wordsFor('en', 'zh-CN').quit).toBe('Quit');
});
