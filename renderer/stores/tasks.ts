import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Task, TaskResult } from '../../shared/contract/window/tasks.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { formatBytes, formatCount } from '../domain/format.ts';
import { hasMessage, t } from '../i18n.ts';
import { useBridge } from '../bridge/index.ts';

/** Long work on the host other than training, independent of views. */
export const useTasks = defineStore('tasks', () => {
  const bridge = useBridge();
  const all = shallowRef<readonly Task[]>([]);
  const running = computed(() => all.value.filter((task) => task.state === 'running'));
  const byId = computed(() => new Map(all.value.map((task) => [task.id, task])));
  const startedListeners = new Set<(task: Task) => void>();
  const endedListeners = new Set<(task: Task) => void>();
  /** Tasks whose end a view reports itself. */
  const followed = new Set<string>();

  function put(task: Task): void {
    const before = byId.value.get(task.id);
    // The answer to the starting call may arrive after the event of its end.
    if (before !== undefined && before.state !== 'running' && task.state === 'running') return;
    all.value =
      before === undefined
        ? [task, ...all.value]
        : all.value.map((other) => (other.id === task.id ? task : other));
    if (task.state === 'running' && before === undefined) {
      for (const listener of [...startedListeners]) listener(task);
    }
    if (task.state !== 'running' && before?.state !== task.state) {
      for (const listener of [...endedListeners]) listener(task);
    }
  }

  async function load(): Promise<void> {
    const listed = await bridge.call('tasks.list', {});
    const known = byId.value;
    all.value = listed;
    // Tasks that ended during a disconnect.
    for (const task of listed) {
      if (task.state !== 'running' && known.get(task.id)?.state === 'running') {
        for (const listener of [...endedListeners]) listener(task);
      }
    }
  }

  /** Called for every task that starts while the window is open. */
  function onStarted(listener: (task: Task) => void): () => void {
    startedListeners.add(listener);
    return () => startedListeners.delete(listener);
  }

  /** Called for every task that ends while the window is open. */
  function onEnded(listener: (task: Task) => void): () => void {
    endedListeners.add(listener);
    return () => endedListeners.delete(listener);
  }

  /**
   * Waits for the end of a task returned by a procedure. With `quiet` there is no notification,
   * because the caller reports it.
   *
   * @throws KarstError why it failed, or `cancelled`
   */
  async function follow(
    started: Task | Promise<Task>,
    options: { readonly quiet?: boolean } = {},
  ): Promise<TaskResult> {
    const first = await started;
    if (options.quiet === true) followed.add(first.id);
    put(first);
    const ended = await new Promise<Task>((resolve) => {
      const now = byId.value.get(first.id) ?? first;
      if (now.state !== 'running') {
        resolve(now);
        return;
      }
      const stop = onEnded((task) => {
        if (task.id !== first.id) return;
        stop();
        resolve(task);
      });
    });
    return resultOf(ended);
  }

  /** Its follower has left: report its end by a notification. */
  function release(id: string): void {
    followed.delete(id);
  }

  function isFollowed(id: string): boolean {
    return followed.has(id);
  }

  async function cancel(id: string): Promise<void> {
    put(await bridge.call('tasks.cancel', { id }));
  }

  async function dismiss(id: string): Promise<void> {
    await bridge.call('tasks.dismiss', { id });
    all.value = all.value.filter((task) => task.id !== id);
  }

  bridge.on('task', put);
  bridge.onReconnected(() => void load());

  return {
    all,
    running,
    byId,
    load,
    put,
    follow,
    release,
    isFollowed,
    onStarted,
    onEnded,
    cancel,
    dismiss,
  };
});

function resultOf(task: Task): TaskResult {
  if (task.state === 'done' && task.result !== null) return task.result;
  if (task.error !== null) throw KarstError.fromReport(task.error);
  throw new KarstError(
    task.state === 'cancelled' ? 'cancelled' : 'internal',
    task.state === 'cancelled'
      ? `${task.subject}: cancelled.`
      : `${task.subject}: ended without a result.`,
  );
}

/** A task's activity as a short sentence. */
export function taskTitle(task: Task): string {
  return t(`tasks.kind.${task.kind}`, { subject: task.subject });
}

/** The text for a key of the host; the key itself if there is none. */
export function phaseName(phase: string): string {
  const key = `tasks.phase.${phase}`;
  return hasMessage(key) ? t(key) : phase;
}

/** Phases that count images. */
const OF_IMAGES: readonly string[] = ['listing', 'checking', 'saving'];

/** Phases that count bytes. */
const IN_BYTES: readonly string[] = ['downloading', 'hashing'];

/** How far it is, with what is counted; empty if nothing is. */
export function taskAmount({ phase, done, total }: Task): string {
  if (phase === 'surveying') return t('units.folders', { count: done });
  const isImages = OF_IMAGES.includes(phase);
  if (total === 0) return isImages ? t('units.images', { count: done }) : '';
  const format = IN_BYTES.includes(phase) ? formatBytes : formatCount;
  const counts = { done: format(done), total: format(total) };
  return isImages ? t('tasks.ofImages', counts) : `${counts.done} / ${counts.total}`;
}

/** Fraction done, 0..1; null while unknown. */
export function taskShare(task: Task): number | null {
  return task.total === 0 ? null : Math.min(1, task.done / task.total);
}
