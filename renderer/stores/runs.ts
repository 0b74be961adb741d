import { defineStore } from 'pinia';
import { computed } from 'vue';
import type { Input } from '../../shared/contract/window/procedures.ts';
import type { RunView } from '../../shared/contract/window/runs.ts';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';

/** All runs, newest first, with the activity of the running one. */
export const useRuns = defineStore('runs', () => {
  const bridge = useBridge();
  const list = useLibraryList<RunView>('runs', () => bridge.call('runs.list', {}));
  const endedListeners = new Set<(run: RunView) => void>();

  const running = computed(() => list.items.value.find((run) => run.state === 'running') ?? null);
  const paused = computed(() => list.items.value.find((run) => run.state === 'paused') ?? null);
  /** Queued runs, in order. */
  const queue = computed(() =>
    list.items.value
      .filter((run) => run.queuePosition !== null)
      .sort((a, b) => (a.queuePosition ?? 0) - (b.queuePosition ?? 0)),
  );

  /**
   * Place in the queue, from 0; null for a run that does not wait. Not `queuePosition`: when a run
   * before it begins, that of the others is old until they are loaded again.
   */
  function placeOf(id: string): number | null {
    const place = queue.value.findIndex((run) => run.id === id);
    return place < 0 ? null : place;
  }

  bridge.on('run', (run) => {
    const before = list.byId.value.get(run.id);
    list.put(run);
    if (before?.state === 'running' && run.endedAt !== null && run.state !== 'running') {
      for (const listener of endedListeners) listener(run);
    }
  });
  bridge.on('runProgress', ({ runId, progress }) => {
    const run = list.byId.value.get(runId);
    if (run !== undefined) list.put({ ...run, progress });
  });

  /** Called for every run that ends while the window is open. */
  function onEnded(listener: (run: RunView) => void): () => void {
    endedListeners.add(listener);
    return () => endedListeners.delete(listener);
  }

  function kept(run: RunView): RunView {
    list.put(run);
    return run;
  }

  /** One run, loaded if it is not in the list. @throws not-found */
  async function get(id: string): Promise<RunView> {
    return list.byId.value.get(id) ?? kept(await bridge.call('runs.get', { id }));
  }

  /** Queues a new run. */
  async function create(input: Input<'runs.create'>): Promise<RunView> {
    return kept(await bridge.call('runs.create', input));
  }

  async function rename(id: string, name: string): Promise<RunView> {
    return kept(await bridge.call('runs.rename', { id, name }));
  }

  async function note(id: string, notes: string): Promise<RunView> {
    return kept(await bridge.call('runs.note', { id, notes }));
  }

  /** Moves it to the bin. */
  async function remove(id: string): Promise<void> {
    await bridge.call('runs.remove', { id });
    list.drop(id);
  }

  async function pause(id: string): Promise<RunView> {
    return kept(await bridge.call('runs.pause', { id }));
  }

  async function resume(id: string): Promise<RunView> {
    return kept(await bridge.call('runs.resume', { id }));
  }

  async function stop(id: string): Promise<RunView> {
    return kept(await bridge.call('runs.stop', { id }));
  }

  async function extend(id: string, epochs: number): Promise<RunView> {
    return kept(await bridge.call('runs.extend', { id, epochs }));
  }

  /** Moves a queued run before another; `null` for the end. */
  async function move(id: string, before: string | null): Promise<void> {
    for (const run of await bridge.call('runs.move', { id, before })) list.put(run);
  }

  return {
    ...list,
    running,
    paused,
    queue,
    placeOf,
    onEnded,
    get,
    create,
    rename,
    note,
    remove,
    pause,
    resume,
    stop,
    extend,
    move,
  };
});

/** Fraction of the whole run done, 0..1. */
export function runShare(run: RunView): number {
  const { progress } = run;
  // Run events are rarer than progress events.
  if (progress?.phase === 'training' && progress.total > 0) {
    return Math.min(1, progress.done / progress.total);
  }
  return run.totalSteps === 0 ? 0 : Math.min(1, run.step / run.totalSteps);
}
