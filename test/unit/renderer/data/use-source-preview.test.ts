// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { effectScope, nextTick, ref, type EffectScope } from 'vue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  DatasetOutlook,
  DatasetPreview,
  LayoutQuestion,
} from '../../../../shared/contract/window/dataset-source.ts';
import type { Task } from '../../../../shared/contract/window/tasks.ts';
import { setBridge } from '../../../../renderer/bridge/index.ts';
import { useSourcePreview } from '../../../../renderer/views/data/use-source-preview.ts';
import { FakeBridge } from '../fake-bridge.ts';

const PREVIEW: DatasetPreview = {
  kind: 'preview',
  layout: 'class-folders',
  classes: [{ name: 'cat', images: 3 }],
  classCount: 1,
  counts: { train: 0, val: 0, test: 0, free: 3 },
  problems: 0,
  notes: 0,
  skipped: [],
};
const QUESTION: LayoutQuestion = {
  kind: 'layout',
  path: '/parent',
  why: 'classes-in-classes',
  folders: ['clothing'],
  readings: [
    { ...PREVIEW, path: '/parent/clothing', as: null, classes: ['cat'] },
    { ...PREVIEW, path: '/parent', as: 'inner-folders', classes: ['cat'] },
  ],
};

let bridge: FakeBridge;
let scope: EffectScope;
let started = 0;

function task(entries: Partial<Task>): Task {
  return {
    id: `t${started}`,
    kind: 'dataset-preview',
    subject: 'x',
    state: 'running',
    phase: 'starting',
    done: 0,
    total: 0,
    secondsLeft: null,
    hosts: [],
    result: null,
    error: null,
    startedAt: '2026-11-20T10:00:00.000Z',
    ...entries,
  };
}

const answer = (id: string, outlook: DatasetOutlook): void =>
  bridge.emit('task', task({ id, state: 'done', result: { kind: 'outlook', outlook } }));

function looking(path: string) {
  const chosen = ref(path);
  const looked = scope.run(() => useSourcePreview(chosen));
  if (looked === undefined) throw new Error('the scope is stopped');
  return { path: chosen, ...looked };
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1000);
  await nextTick();
}

beforeEach(() => {
  vi.useFakeTimers();
  started = 0;
  bridge = new FakeBridge({
    'datasets.preview': () => {
      started += 1;
      return task({});
    },
    'tasks.cancel': ({ id }) => {
      const cancelled = task({ id, state: 'cancelled' });
      bridge.emit('task', cancelled);
      return cancelled;
    },
    'tasks.dismiss': () => ({}),
  });
  setBridge(bridge);
  setActivePinia(createPinia());
  scope = effectScope();
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

describe('the preview of a source', () => {
  it('is asked for at once, shown, and its task taken off the list', async () => {
    const { found: preview, taskId, source } = looking('/clothing');
    await settled();
    expect(taskId.value).toBe('t1');
    expect(preview.value).toBeNull();
    answer('t1', PREVIEW);
    await settled();
    expect(preview.value).toEqual(PREVIEW);
    expect(taskId.value).toBeNull();
    expect(source.value).toEqual({ path: '/clothing' });
    expect(bridge.inputsOf('tasks.dismiss')).toEqual([{ id: 't1' }]);
  });

  it('of a path that is typed waits for its end, and cancels that of the former', async () => {
    const { path, found: preview } = looking('/a');
    await settled();
    for (const typed of ['/b', '/bi', '/big']) {
      path.value = typed;
      await nextTick();
    }
    await settled();
    expect(bridge.inputsOf('tasks.cancel')).toEqual([{ id: 't1' }]);
    expect(bridge.inputsOf('datasets.preview')).toEqual([{ path: '/a' }, { path: '/big' }]);
    answer('t1', PREVIEW);
    await settled();
    expect(preview.value).toBeNull();
    answer('t2', PREVIEW);
    await settled();
    expect(preview.value).toEqual(PREVIEW);
  });

  it('follows the answer to a question: a folder inside, or a layout of the whole', async () => {
    const { layoutQuestion, reading, source, path } = looking('/parent');
    await settled();
    answer('t1', QUESTION);
    await settled();
    expect(layoutQuestion.value).toEqual(QUESTION);
    const [inside, whole] = QUESTION.readings;
    reading.value = inside ?? null;
    await settled();
    expect(source.value).toEqual({ path: '/parent/clothing' });
    reading.value = whole ?? null;
    await settled();
    expect(source.value).toEqual({ path: '/parent', as: 'inner-folders' });
    expect(bridge.inputsOf('datasets.preview').slice(1)).toEqual([
      { path: '/parent/clothing' },
      { path: '/parent', as: 'inner-folders' },
    ]);
    expect(layoutQuestion.value).toEqual(QUESTION);
    path.value = '/other';
    await settled();
    expect(layoutQuestion.value).toBeNull();
    expect(bridge.inputsOf('datasets.preview').at(-1)).toEqual({ path: '/other' });
  });

  it('is cancelled when nobody waits for it', async () => {
    looking('/huge');
    await settled();
    scope.stop();
    expect(bridge.inputsOf('tasks.cancel')).toEqual([{ id: 't1' }]);
  });
});
