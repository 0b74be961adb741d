// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { createMemoryHistory, createRouter, type Router } from 'vue-router';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { placeOf, useAnnouncements } from '../../../renderer/frame/use-announcements.ts';
import { setLocale } from '../../../renderer/i18n.ts';
import { useRuns } from '../../../renderer/stores/runs.ts';
import { useTasks } from '../../../renderer/stores/tasks.ts';
import { useToasts } from '../../../renderer/stores/toasts.ts';
import { FakeBridge } from './fake-bridge.ts';

const TASK: Task = {
  id: 't1',
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
};
const DONE: Task = {
  ...TASK,
  state: 'done',
  result: { kind: 'dataset', datasetId: 'd1', problems: 2 },
};

let bridge: FakeBridge;
let router: Router;
let announcements: ReturnType<typeof useAnnouncements>;

/** A run with only the properties that announcements read. */
function run(entries: Partial<RunView>): RunView {
  return {
    id: 'r1',
    name: 'gulls',
    state: 'running',
    endedAt: null,
    queuePosition: null,
    ...entries,
  } as RunView;
}

function texts(): string[] {
  return useToasts().all.map(({ text }) => text);
}

beforeEach(() => {
  sessionStorage.clear();
  setLocale('en');
  bridge = new FakeBridge({ 'runs.list': () => [run({})] });
  setBridge(bridge);
  const pinia = createPinia();
  setActivePinia(pinia);
  router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:all(.*)*', component: { render: () => null } }],
  });
  mount(
    {
      setup() {
        announcements = useAnnouncements();
        return () => null;
      },
    },
    { global: { plugins: [pinia, router] } },
  );
});

describe('a task', () => {
  it('is read out when it begins, and told of with a way to its result when it ends', async () => {
    bridge.emit('task', TASK);
    expect(announcements.spoken.value).toBe('Importing orchids');
    bridge.emit('task', DONE);
    expect(announcements.spoken.value).toBe('');
    expect(texts()).toEqual(['orchids is imported.']);
    useToasts().all[0]?.action?.run();
    await router.isReady();
    await new Promise((resolve) => setTimeout(resolve));
    expect(router.currentRoute.value.path).toBe('/data/d1');
  });

  it('names the adapter that an imported one repeats', () => {
    bridge.emit('task', { ...TASK, kind: 'adapter-import' });
    const result = { kind: 'adapter', adapterId: 'a', sameAs: 'gulls' } as const;
    bridge.emit('task', { ...DONE, kind: 'adapter-import', result });
    expect(texts()).toEqual([
      'The library had this adapter already, as gulls: their weights are the same.',
    ]);
  });

  it('is left to the view that follows it', async () => {
    const followed = useTasks().follow(Promise.resolve(TASK), { quiet: true });
    await new Promise((resolve) => setTimeout(resolve));
    bridge.emit('task', DONE);
    await followed;
    expect(texts()).toEqual([]);
  });

  it('shows why it failed, and nothing when it was cancelled', () => {
    const error = { code: 'not-readable', message: 'No such folder.', hint: 'Look.' } as const;
    bridge.emit('task', { ...TASK, state: 'failed', error });
    bridge.emit('task', { ...TASK, id: 't2', state: 'cancelled' });
    expect(useToasts().all.map((toast) => toast.error)).toEqual([error]);
  });

  it('leads to what it made', () => {
    const done = (result: Task['result']): Task => ({ ...TASK, state: 'done', result });
    expect(placeOf(TASK)).toBeNull();
    expect(placeOf(done({ kind: 'adapter', adapterId: 'a', sameAs: null }))).toBe('/library/a');
    expect(placeOf(done({ kind: 'evaluation', evaluationId: 'e' }))).toBe('/evaluations/e');
    expect(placeOf(done({ kind: 'sample', projectId: 'p', runId: 'r' }))).toBe('/runs/r');
    expect(
      placeOf(done({ kind: 'predictions', out: '/x.csv', images: 1, unreadable: 0, rows: [] })),
    ).toBeNull();
  });
});

describe('a run', () => {
  it('is told of when it ends, once', async () => {
    await useRuns().ensure();
    const ended = run({ state: 'done', endedAt: '2026-11-20T11:00:00.000Z' });
    bridge.emit('run', ended);
    bridge.emit('run', ended);
    expect(texts()).toEqual(['gulls has finished.']);
  });

  it('is not told of when it is paused', async () => {
    await useRuns().ensure();
    bridge.emit('run', run({ state: 'paused' }));
    expect(texts()).toEqual([]);
  });
});

describe('the start', () => {
  const status = { version: '1', home: '/h', notices: [], interrupted: ['r1'], sample: true };

  it('tells of runs that the last end interrupted, once a window', () => {
    announcements.tellStart(status);
    announcements.tellStart(status);
    expect(texts()).toEqual(['A run was interrupted; its checkpoint is kept.']);
    announcements.tellStart({ ...status, interrupted: ['r1', 'r2'] });
    expect(texts()[1]).toBe('2 runs were interrupted; their checkpoints are kept.');
  });

  it('passes on what the host has to say', () => {
    announcements.tellStart({ ...status, notices: ['The library was mended.'], interrupted: [] });
    expect(texts()).toEqual(['The library was mended.']);
  });
});
