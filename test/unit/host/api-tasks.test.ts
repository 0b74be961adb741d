import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { task as taskSchema, type Task } from '../../../shared/contract/window/tasks.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { Announcer } from '../../../main/host/events.ts';
import { TaskBoard, type TaskWork } from '../../../main/host/tasks/task-board.ts';
import { refusal } from './support.ts';
import { eventually } from '../../fixtures/eventually.ts';

interface Watched {
  readonly board: TaskBoard;
  /** Tasks sent to windows, in order. */
  readonly told: Task[];
}

function board(): Watched {
  const announcer = new Announcer();
  const told: Task[] = [];
  announcer.listen((event, payload) => {
    expect(event).toBe('task');
    told.push(v.parse(taskSchema, payload));
  });
  return { board: new TaskBoard(announcer.emit), told };
}

const RESULT = { kind: 'backbone', backboneId: 'bb-1' } as const;

/** Work that ends when the test calls `finish`. */
function held(): {
  work: (task: TaskWork) => Promise<typeof RESULT>;
  task: () => TaskWork;
  finish: () => void;
  fail: (error: unknown) => void;
} {
  let given: TaskWork | null = null;
  const { promise, resolve, reject } = Promise.withResolvers<typeof RESULT>();
  return {
    work(task) {
      given = task;
      task.signal.addEventListener('abort', () =>
        reject(new KarstError('cancelled', 'It was cancelled.')),
      );
      return promise;
    },
    task: () => given!,
    finish: () => resolve(RESULT),
    fail: reject,
  };
}

describe('a task', () => {
  it('is there at once, and done with its result when the work is', async () => {
    const { board: tasks, told } = board();
    const { work, finish } = held();
    const task = tasks.start('backbone-add', 'tiny', work);
    expect(task).toMatchObject({
      kind: 'backbone-add',
      subject: 'tiny',
      state: 'running',
      result: null,
      error: null,
    });
    expect(tasks.list()).toEqual([task]);
    finish();
    await eventually(() => expect(told).toHaveLength(2));
    expect(told.map(({ state }) => state)).toEqual(['running', 'done']);
    expect(tasks.list()).toMatchObject([{ id: task.id, state: 'done', result: RESULT }]);
  });

  it('keeps why it failed', async () => {
    const { board: tasks, told } = board();
    tasks.start('merge', 'gulls', () =>
      Promise.reject(new KarstError('not-writable', 'The disk is full.', { hint: 'Free some.' })),
    );
    await eventually(() => expect(told.at(-1)?.state).toBe('failed'));
    expect(told.at(-1)?.error).toEqual({
      code: 'not-writable',
      message: 'The disk is full.',
      hint: 'Free some.',
    });
  });

  it('fails with "internal" when its work throws what nobody foresaw, at once too', async () => {
    const { board: tasks, told } = board();
    tasks.start('merge', 'gulls', () => {
      throw new TypeError('x is not a function');
    });
    await eventually(() => expect(told.at(-1)?.state).toBe('failed'));
    expect(told.at(-1)?.error).toMatchObject({ code: 'internal', message: 'x is not a function' });
  });

  it('is cancelled on request, which is no error', async () => {
    const { board: tasks, told } = board();
    const { work, task } = held();
    const { id } = tasks.start('export', 'gulls', work);
    expect(task().signal.aborted).toBe(false);
    expect(tasks.cancel(id).id).toBe(id);
    expect(task().signal.aborted).toBe(true);
    await eventually(() => expect(told.at(-1)).toMatchObject({ state: 'cancelled', error: null }));
    expect(tasks.cancel(id).state).toBe('cancelled');
  });

  it('counts as done when it was too late to cancel it, and as failed when something else broke', async () => {
    const { board: tasks, told } = board();
    const late = tasks.start('merge', 'late', async ({ signal }) => {
      await turn();
      return signal.aborted ? RESULT : { ...RESULT, backboneId: 'not cancelled' };
    });
    tasks.cancel(late.id);
    await eventually(() => expect(told.at(-1)).toMatchObject({ state: 'done', result: RESULT }));
    const broken = tasks.start('merge', 'broken', async () => {
      await turn();
      throw new KarstError('file-damaged', 'It is cut off.');
    });
    tasks.cancel(broken.id);
    await eventually(() => expect(told.at(-1)?.error?.code).toBe('file-damaged'));
  });

  it('is dismissed only after its end', async () => {
    const { board: tasks, told } = board();
    const { work, finish } = held();
    const { id } = tasks.start('merge', 'gulls', work);
    expect((await refusal(() => tasks.dismiss(id), 'in-use')).message).toContain('gulls');
    finish();
    await eventually(() => expect(told.at(-1)?.state).toBe('done'));
    tasks.dismiss(id);
    expect(tasks.list()).toEqual([]);
    await refusal(() => tasks.dismiss(id), 'not-found');
    await refusal(() => tasks.cancel(id), 'not-found');
  });

  it('does not start while the board closes, which ends those that run', async () => {
    const { board: tasks, told } = board();
    tasks.start('merge', 'one', held().work);
    tasks.start('merge', 'two', held().work);
    await tasks.close();
    expect(tasks.list().map(({ subject, state }) => [subject, state])).toEqual([
      ['two', 'cancelled'],
      ['one', 'cancelled'],
    ]);
    expect(told.filter(({ state }) => state === 'cancelled')).toHaveLength(2);
    await refusal(() => tasks.start('merge', 'three', held().work), 'not-available');
  });

  it('is forgotten when fifty later ones have ended, but never while it runs', async () => {
    const { board: tasks } = board();
    const running = tasks.start('merge', 'running', held().work);
    for (let i = 0; i < 60; i++) tasks.start('merge', `${i}`, async () => RESULT);
    await eventually(() => expect(tasks.list()).toHaveLength(51));
    expect(tasks.list()[0]?.subject).toBe('59');
    expect(tasks.list().at(-1)?.id).toBe(running.id);
    expect(tasks.list().at(-2)?.subject).toBe('10');
  });
});

describe('the progress of a task', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is told at most ten times a second, and the last of it always', async () => {
    const { board: tasks, told } = board();
    const { work, task, finish } = held();
    tasks.start('dataset-import', 'beach', work);
    // Two seconds with a thousand reports each.
    for (let i = 1; i <= 2000; i++) {
      task().progress('checking', i, 2000);
      vi.advanceTimersByTime(1);
    }
    const reports = told.slice(1);
    expect(reports.length).toBeGreaterThan(15);
    expect(reports.length).toBeLessThanOrEqual(20);
    vi.advanceTimersByTime(100);
    expect(told.at(-1)).toMatchObject({ phase: 'checking', done: 2000, total: 2000 });
    const before = told.length;
    finish();
    await eventually(() => expect(told.at(-1)?.state).toBe('done'));
    vi.advanceTimersByTime(1000);
    expect(told).toHaveLength(before + 1);
  });

  it('estimates the time left from the speed of the phase, and takes an engine at its word', () => {
    const { board: tasks, told } = board();
    const { work, task } = held();
    tasks.start('evaluate', 'gulls', work);
    task().host({ phase: 'hashing', done: 0, total: 100 });
    vi.advanceTimersByTime(1000);
    task().host({ phase: 'hashing', done: 10, total: 100 });
    expect(told.at(-1)?.secondsLeft).toBeNull();
    vi.advanceTimersByTime(3000);
    task().host({ phase: 'hashing', done: 40, total: 100 });
    expect(told.at(-1)?.secondsLeft).toBeCloseTo(6, 6);
    vi.advanceTimersByTime(1000);
    task().engine({ type: 'progress', phase: 'evaluating', done: 1, total: 9, secondsLeft: 77 });
    expect(told.at(-1)).toMatchObject({ phase: 'evaluating', done: 1, total: 9, secondsLeft: 77 });
    vi.advanceTimersByTime(1000);
    const before = told.length;
    task().engine({ type: 'log', level: 'info', message: 'a word' });
    expect(told).toHaveLength(before);
  });
});

describe('events', () => {
  it('reach those who listen at the time, each once', () => {
    const announcer = new Announcer();
    const heard: string[] = [];
    const leave = announcer.listen((event) => heard.push(`a ${event}`));
    announcer.listen((event) => heard.push(`b ${event}`));
    announcer.emit('library', { part: 'runs', id: null });
    leave();
    leave();
    announcer.emit('navigate', { to: '/runs' });
    expect(heard).toEqual(['a library', 'b library', 'b navigate']);
  });
});
