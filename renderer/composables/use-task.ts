import { onScopeDispose, ref, type Ref } from 'vue';
import type { Task, TaskResult } from '../../shared/contract/window/tasks.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { useTasks } from '../stores/tasks.ts';

export interface FollowedTask {
  /** The task that was followed last, for `TaskLine`. */
  readonly taskId: Readonly<Ref<string | null>>;
  /**
   * Waits for the end of a task whose result is of this kind.
   *
   * @throws KarstError why it failed; `cancelled` also when nobody waits any more
   */
  readonly follow: <K extends TaskResult['kind']>(
    started: Promise<Task>,
    kind: K,
  ) => Promise<Extract<TaskResult, { kind: K }>>;
}

/**
 * A task whose end a dialog or a view tells of by itself, for as long as it is there. Once it is left, a notification
 * tells of it, and nobody is taken elsewhere.
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
