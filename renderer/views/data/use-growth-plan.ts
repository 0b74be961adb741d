import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type {
  DatasetQuestion,
  DatasetReading,
  GrowthOutlook,
  LayoutQuestion,
} from '../../../shared/contract/window/dataset-source.ts';
import type { Input } from '../../../shared/contract/window/procedures.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import { useTasks } from '../../stores/tasks.ts';
import { codePageOf, type CodePage } from './code-pages.ts';

/** Pause in typing after which is looked. */
const TYPING_MS = 400;

export type Answers = Pick<Input<'datasets.planUpdate'>, 'as' | 'encoding'>;
type Changes = Extract<GrowthOutlook, { kind: 'changes' }>;

export interface GrowthPlan {
  /** What would change; null while it is looked for, or has a question open. */
  readonly plan: Readonly<ShallowRef<Changes | null>>;
  readonly layoutQuestion: Readonly<ShallowRef<LayoutQuestion | null>>;
  readonly encodingQuestion: Readonly<
    ShallowRef<Extract<DatasetQuestion, { kind: 'encoding' }> | null>
  >;
  readonly reading: ShallowRef<DatasetReading | null>;
  readonly encoding: Ref<CodePage>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** The task that looks, while it runs. */
  readonly taskId: Readonly<Ref<string | null>>;
}

/**
 * Looks for what a dataset would take: at once, when `source` changes, and with each answer. What
 * is looked for no longer is cancelled.
 *
 * @param start null if there is nothing to look at yet
 */
export function useGrowthPlan(
  start: (answers: Answers) => Promise<Task> | null,
  source: () => string = () => '',
): GrowthPlan {
  const tasks = useTasks();
  const plan = shallowRef<Changes | null>(null);
  const layoutQuestion = shallowRef<LayoutQuestion | null>(null);
  const encodingQuestion = shallowRef<Extract<DatasetQuestion, { kind: 'encoding' }> | null>(null);
  const reading = shallowRef<DatasetReading | null>(null);
  const encoding = ref<CodePage>(codePageOf(navigator.language));
  const error = shallowRef<ErrorReport | null>(null);
  const taskId = ref<string | null>(null);
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function leave(): void {
    turn += 1;
    clearTimeout(timer);
    plan.value = null;
    error.value = null;
    if (taskId.value !== null) void tasks.cancel(taskId.value);
    taskId.value = null;
  }

  /** Of a dataset's own source only layouts can be chosen, not a folder inside it. */
  function asked(question: LayoutQuestion): LayoutQuestion {
    return { ...question, readings: question.readings.filter(({ as }) => as !== null) };
  }

  async function look(): Promise<void> {
    leave();
    const mine = turn;
    const as = reading.value?.as ?? null;
    const started = start({
      ...(as === null ? {} : { as }),
      ...(encodingQuestion.value === null ? {} : { encoding: encoding.value }),
    });
    if (started === null) return;
    try {
      const task = await started;
      if (mine === turn) taskId.value = task.id;
      else void tasks.cancel(task.id);
      const result = await tasks.follow(task, { quiet: true }).finally(() => {
        void tasks.dismiss(task.id);
      });
      if (mine !== turn || result.kind !== 'growth') return;
      const { outlook } = result;
      if (outlook.kind === 'changes') plan.value = outlook;
      else if (outlook.kind === 'layout') layoutQuestion.value = asked(outlook);
      else encodingQuestion.value = outlook;
    } catch (thrown) {
      const isCancelled = thrown instanceof KarstError && thrown.code === 'cancelled';
      if (mine === turn && !isCancelled) error.value = toErrorReport(thrown);
    } finally {
      if (mine === turn) taskId.value = null;
    }
  }

  watch(source, () => {
    leave();
    layoutQuestion.value = null;
    encodingQuestion.value = null;
    reading.value = null;
    timer = setTimeout(() => void look(), TYPING_MS);
  });
  watch([reading, encoding, () => encodingQuestion.value !== null], () => {
    // Another source has reset the answers and is waited for.
    if (reading.value !== null || encodingQuestion.value !== null) void look();
  });
  onScopeDispose(leave);
  void look();

  return { plan, layoutQuestion, encodingQuestion, reading, encoding, error, taskId };
}
