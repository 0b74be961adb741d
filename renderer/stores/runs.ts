import { defineStore } from 'pinia';
import { computed } from 'vue';
import type { RunView } from '../../shared/contract/studio/runs.ts';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';

/** All runs, the newest first, with what the running one does at this moment. */
export const useRuns = defineStore('runs', () => {
  const bridge = useBridge();
  const list = useLibraryList<RunView>('runs', () => bridge.call('runs.list', {}));
  const endedListeners = new Set<(run: RunView) => void>();

  const running = computed(() => list.items.value.find((run) => run.state === 'running') ?? null);
  const paused = computed(() => list.items.value.find((run) => run.state === 'paused') ?? null);
  /** Those that wait, in order. */
  const queue = computed(() =>
    list.items.value
      .filter((run) => run.queuePosition !== null)
      .sort((a, b) => (a.queuePosition ?? 0) - (b.queuePosition ?? 0)),
  );

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

  /** Told of every run that ends while the window is open. */
  function onEnded(listener: (run: RunView) => void): () => void {
    endedListeners.add(listener);
    return () => endedListeners.delete(listener);
  }

  return { ...list, running, paused, queue, onEnded };
});

/** Share of the whole run that is done, 0..1. */
export function runShare(run: RunView): number {
  return run.totalSteps === 0 ? 0 : Math.min(1, run.step / run.totalSteps);
}
