import { onScopeDispose, ref, type Ref } from 'vue';
import type { Task, TaskResult } from '../../shared/contract/window/tasks.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { useTasks } from '../stores/tasks.ts';

export interface FollowedTask {
  /** The task followed last, for `TaskLine`. */
  readonly taskId: Readonly<Ref<string | null>>;
  /**
   * Waits for the end of a task whose result is of this kind.
   *
   * @throws KarstError why it failed; `cancelled` also when the caller has been unmounted
   */
  readonly follow: <K extends TaskResult['kind']>(
    started: Promise<Task>,
    kind: K,
  ) => Promise<Extract<TaskResult, { kind: K }>>;
}

/**
 * A task whose end a dialog or view reports itself while mounted. Afterwards a notification reports
 * it, without navigation.
 */
export function useTask(): FollowedTask {
  const tasks = useTasks();
  const taskId = ref<string | null>(null);
  let left = false;

  onScopeDispose(() => {
    left = true;
    if (taskId.value !== null) tasks.release(taskId.value);
  });

  async function follow<K extends TaskResult['kind']>(
    started: Promise<Task>,
    kind: K,
  ): Promise<Extract<TaskResult, { kind: K }>> {
    const first = await started;
    taskId.value = first.id;
    const result = await tasks.follow(first, { quiet: !left });
    if (left) throw new KarstError('cancelled', `${first.subject}: nobody waits for it.`);
    if (!isOf(result, kind)) {
      throw new KarstError('internal', `The task "${first.kind}" ended with "${result.kind}".`);
    }
    return result;
  }

  return { taskId, follow };
}

function isOf<K extends TaskResult['kind']>(
  result: TaskResult,
  kind: K,
): result is Extract<TaskResult, { kind: K }> {
  return result.kind === kind;
}
