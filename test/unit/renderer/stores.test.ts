// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Project } from '../../../shared/contract/window/projects.ts';
import type { Settings } from '../../../shared/contract/window/system.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { locale } from '../../../renderer/i18n.ts';
import { useDialogs } from '../../../renderer/stores/dialogs.ts';
import { useProjects } from '../../../renderer/stores/projects.ts';
import { useSettings } from '../../../renderer/stores/settings.ts';
import { useShell } from '../../../renderer/stores/shell.ts';
import { taskAmount, useTasks } from '../../../renderer/stores/tasks.ts';
import { useToasts } from '../../../renderer/stores/toasts.ts';
import { FakeBridge, type Answers } from './fake-bridge.ts';

function project(id: string, entries: Partial<Project> = {}): Project {
  return {
    id,
    name: id,
    notes: '',
    archived: false,
    datasetIds: [],
    backboneId: null,
    runIds: [],
    bestTop1: null,
    createdAt: '2026-11-20T10:00:00.000Z',
    updatedAt: '2026-11-20T10:00:00.000Z',
    ...entries,
  };
}

function task(id: string, entries: Partial<Task> = {}): Task {
  return {
    id,
    kind: 'dataset-import',
    subject: 'orchids',
    state: 'running',
    phase: 'checking',
    done: 0,
    total: 10,
    secondsLeft: null,
    hosts: [],
    result: null,
    error: null,
    startedAt: '2026-11-20T10:00:00.000Z',
    ...entries,
  };
}

let bridge: FakeBridge;

function connect(answers: Answers): void {
  bridge = new FakeBridge(answers);
  setBridge(bridge);
  setActivePinia(createPinia());
}

/** Waits until the continuations of settled promises have run. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

beforeEach(() => {
  localStorage.clear();
});

const STORED: Settings = {
  language: 'en',
  theme: 'light',
  threads: 0,
  device: 'auto',
  welcomed: true,
  project: null,
  folder: null,
};

describe('the amount of a task', () => {
  it.each([
    ['surveying', 1, 0, 'one folder'],
    ['listing', 1240, 0, '1,240 images'],
    ['checking', 1240, 3781, '1,240 of 3,781 images'],
    ['verifying', 2, 16, '2 / 16'],
    ['starting', 0, 0, ''],
  ])('of the phase %s says what is counted', (phase, done, total, expected) => {
    expect(taskAmount(task('t', { phase, done, total }))).toBe(expected);
  });
});

describe('projects', () => {
  it('are asked for once, whoever asks, and again when the host says so', async () => {
    let answer = [project('a')];
    connect({ 'projects.list': () => answer });
    const projects = useProjects();
    await Promise.all([projects.ensure(), projects.ensure()]);
    await projects.ensure();
    expect(bridge.inputsOf('projects.list')).toHaveLength(1);
    answer = [project('b'), project('a')];
    bridge.emit('library', { part: 'projects', id: 'b' });
    bridge.emit('library', { part: 'runs', id: null });
    await settled();
    expect(projects.items.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(bridge.inputsOf('projects.list')).toHaveLength(2);
  });

  it('are asked for once more, not many times, after changes during an answer', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    connect({
      'projects.list': async () => {
        await gate;
        return [];
      },
    });
    const projects = useProjects();
    const first = projects.ensure();
    for (let index = 0; index < 5; index++) {
      bridge.emit('library', { part: 'projects', id: null });
    }
    release();
    await first;
    expect(bridge.inputsOf('projects.list')).toHaveLength(2);
    expect(projects.loaded).toBe(true);
  });

  it('are not asked for by changes before anyone shows them', () => {
    connect({ 'projects.list': () => [] });
    useProjects();
    bridge.emit('library', { part: 'projects', id: null });
    bridge.become('lost');
    bridge.become('open');
    expect(bridge.inputsOf('projects.list')).toEqual([]);
  });

  it('are asked for again after the connection was lost', async () => {
    connect({ 'projects.list': () => [project('a')] });
    await useProjects().ensure();
    bridge.become('lost');
    bridge.become('open');
    expect(bridge.inputsOf('projects.list')).toHaveLength(2);
  });

  it('keep what went wrong, and lose it when it goes well again', async () => {
    let fails = true;
    connect({
      'projects.list': () => {
        if (fails) throw new KarstError('store-damaged', 'The library is damaged.');
        return [];
      },
    });
    const projects = useProjects();
    await projects.ensure();
    expect(projects.error?.code).toBe('store-damaged');
    expect(projects.loaded).toBe(false);
    fails = false;
    await projects.reload();
    expect(projects.error).toBeNull();
    expect(projects.loaded).toBe(true);
  });

  it('have the host remember the current one', async () => {
    let kept: Settings = STORED;
    connect({
      'projects.list': () => [project('a'), project('b', { archived: true })],
      'settings.get': () => kept,
      'settings.update': ({ project: id = null }) => (kept = { ...kept, project: id }),
    });
    useProjects().enter('a');
    await settled();
    setActivePinia(createPinia());
    const projects = useProjects();
    await Promise.all([projects.ensure(), useSettings().load()]);
    expect(projects.current?.id).toBe('a');
    expect(projects.active.map(({ id }) => id)).toEqual(['a']);
    projects.enter(null);
    expect(projects.current).toBeNull();
    await settled();
    expect(kept.project).toBeNull();
  });

  it('say that the host could not remember it, and stay with the former', async () => {
    connect({
      'projects.list': () => [project('a')],
      'settings.update': () => {
        throw new KarstError('not-writable', 'The disk is full.');
      },
    });
    const projects = useProjects();
    await projects.ensure();
    projects.enter('a');
    await settled();
    expect(projects.current).toBeNull();
    expect(useToasts().all.map(({ text }) => text)).toEqual(['The disk is full.']);
  });

  it('take the answers of changes at once', async () => {
    connect({
      'projects.list': () => [project('a')],
      'projects.update': ({ id, name = '' }) => project(id, { name }),
      'projects.create': ({ name }) => project('new', { name }),
    });
    const projects = useProjects();
    await projects.ensure();
    await projects.update({ id: 'a', name: 'Ferns' });
    await projects.create('Mosses');
    expect(projects.items.map(({ name }) => name)).toEqual(['Mosses', 'Ferns']);
  });
});

describe('tasks', () => {
  const result = { kind: 'dataset', datasetId: 'd1', problems: 0 } as const;

  it('can be followed to their result', async () => {
    connect({});
    const tasks = useTasks();
    const followed = tasks.follow(Promise.resolve(task('t1')));
    await settled();
    expect(tasks.running.map(({ id }) => id)).toEqual(['t1']);
    bridge.emit('task', task('t1', { done: 4 }));
    expect(tasks.byId.get('t1')?.done).toBe(4);
    bridge.emit('task', task('t1', { state: 'done', result }));
    expect(await followed).toEqual(result);
    expect(tasks.running).toEqual([]);
  });

  it('that end before their first answer comes are not taken for running', async () => {
    connect({});
    const tasks = useTasks();
    bridge.emit('task', task('t1', { state: 'done', result }));
    expect(await tasks.follow(Promise.resolve(task('t1')))).toEqual(result);
    expect(tasks.byId.get('t1')?.state).toBe('done');
  });

  it('that fail or are cancelled reject whoever follows them', async () => {
    connect({});
    const tasks = useTasks();
    const failing = tasks.follow(Promise.resolve(task('t1')));
    const cancelled = tasks.follow(Promise.resolve(task('t2')));
    await settled();
    const error = { code: 'not-readable', message: 'No.', hint: '' } as const;
    bridge.emit('task', task('t1', { state: 'failed', error }));
    bridge.emit('task', task('t2', { state: 'cancelled' }));
    await expect(failing).rejects.toMatchObject({ code: 'not-readable', message: 'No.' });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('are told of once when they begin and once when they end', () => {
    connect({});
    const tasks = useTasks();
    const told: string[] = [];
    tasks.onStarted(({ id }) => told.push(`began ${id}`));
    tasks.onEnded(({ id, state }) => told.push(`${state} ${id}`));
    bridge.emit('task', task('t1'));
    bridge.emit('task', task('t1', { done: 5 }));
    bridge.emit('task', task('t1', { state: 'done', result }));
    bridge.emit('task', task('t1', { state: 'done', result }));
    expect(told).toEqual(['began t1', 'done t1']);
  });

  it('that ended while the connection was lost are told of when it is back', async () => {
    connect({ 'tasks.list': () => [task('t1', { state: 'done', result })] });
    const tasks = useTasks();
    bridge.emit('task', task('t1'));
    const followed = tasks.follow(Promise.resolve(task('t1')));
    bridge.become('lost');
    bridge.become('open');
    expect(await followed).toEqual(result);
  });

  it('go off the list when they are dismissed', async () => {
    connect({ 'tasks.dismiss': () => ({}) });
    const tasks = useTasks();
    bridge.emit('task', task('t1', { state: 'done', result }));
    await tasks.dismiss('t1');
    expect(tasks.all).toEqual([]);
    expect(bridge.inputsOf('tasks.dismiss')).toEqual([{ id: 't1' }]);
  });
});

describe('settings', () => {
  const stored = STORED;

  it('take effect in the page and are remembered for the next start', async () => {
    connect({ 'settings.get': () => ({ ...stored, theme: 'dark', language: 'zh-CN' }) });
    const settings = useSettings();
    await settings.load();
    await nextTick();
    expect(document.documentElement.dataset['theme']).toBe('dark');
    expect(document.documentElement.lang).toBe('zh-CN');
    expect(locale.value).toBe('zh-CN');
    expect(localStorage.getItem('karst.theme')).toBe('dark');
    expect(localStorage.getItem('karst.language')).toBe('zh-CN');
  });

  it('begin as they were remembered, before the host answers', () => {
    localStorage.setItem('karst.theme', 'dark');
    localStorage.setItem('karst.language', 'zh-CN');
    connect({});
    useSettings();
    expect(document.documentElement.dataset['theme']).toBe('dark');
    expect(locale.value).toBe('zh-CN');
  });

  it('go back when the host refuses a change', async () => {
    connect({
      'settings.get': () => stored,
      'settings.update': () => {
        throw new KarstError('not-writable', 'The disk is full.');
      },
    });
    const settings = useSettings();
    await settings.load();
    await expect(settings.update({ theme: 'dark' })).rejects.toMatchObject({
      code: 'not-writable',
    });
    await nextTick();
    expect(settings.current.theme).toBe('light');
    expect(document.documentElement.dataset['theme']).toBe('light');
  });

  it('follow another window', async () => {
    let threads = 0;
    connect({ 'settings.get': () => ({ ...stored, threads }) });
    const settings = useSettings();
    await settings.load();
    threads = 4;
    bridge.emit('library', { part: 'settings', id: null });
    await settled();
    expect(settings.current.threads).toBe(4);
  });
});

describe('the shell', () => {
  it('says that the host is gone until it is there again', async () => {
    connect({ 'shell.restart': () => ({}) });
    const shell = useShell();
    bridge.emit('hostGone', { reason: 'It was killed.' });
    expect(shell.gone).toBe('It was killed.');
    await shell.restart();
    expect(shell.gone).toBeNull();
    bridge.become('lost');
    expect(shell.connection).toBe('lost');
  });

  it('is asked once what it can do', async () => {
    const info = {
      kind: 'browser',
      nativeDialogs: false,
      canReveal: false,
      canMoveHome: false,
      platform: 'linux',
    } as const;
    connect({ 'shell.info': () => info });
    const shell = useShell();
    await shell.loadInfo();
    expect(await shell.loadInfo()).toEqual(info);
    expect(bridge.calls).toHaveLength(1);
  });
});

describe('toasts and dialogs', () => {
  it('keep the newest four notifications', () => {
    connect({});
    const toasts = useToasts();
    for (let index = 1; index <= 6; index++) toasts.say(`number ${index}`);
    expect(toasts.all.map(({ text }) => text)).toEqual([
      'number 3',
      'number 4',
      'number 5',
      'number 6',
    ]);
    toasts.dismiss(toasts.all[0]!.id);
    expect(toasts.all).toHaveLength(3);
  });

  it('answer a question that another takes the place of with no', async () => {
    connect({});
    const dialogs = useDialogs();
    const question = { title: 'Sure', body: '', action: 'Yes' };
    const first = dialogs.confirm(question);
    const second = dialogs.confirm(question);
    expect(await first).toBe(false);
    dialogs.confirming?.answer(true);
    expect(await second).toBe(true);
    expect(dialogs.confirming).toBeNull();
  });
});
