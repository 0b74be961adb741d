import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type {
  DatasetOutlook,
  DatasetQuestion,
  DatasetReading,
  GrowthOutlook,
  LayoutQuestion,
} from '../../../shared/contract/window/dataset-source.ts';
import type { Task, TaskResult } from '../../../shared/contract/window/tasks.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import { useTasks } from '../../stores/tasks.ts';
import { codePageOf, type CodePage } from './code-pages.ts';

/** Pause in typing after which is looked. */
const TYPING_MS = 400;

type EncodingQuestion = Extract<DatasetQuestion, { kind: 'encoding' }>;
type Outlook = Exclude<DatasetOutlook | GrowthOutlook, DatasetQuestion>;

/** What was answered so far; null where nothing is asked. */
export interface Answers {
  readonly reading: DatasetReading | null;
  readonly encoding: CodePage | null;
}

export interface Look<Found extends Outlook> {
  /** null while it is looked for, or has a question open. */
  readonly found: Readonly<ShallowRef<Found | null>>;
  /** What has to be answered; stays while its answer is looked at. */
  readonly layoutQuestion: Readonly<ShallowRef<LayoutQuestion | null>>;
  readonly encodingQuestion: Readonly<ShallowRef<EncodingQuestion | null>>;
  /** The answers. */
  readonly reading: ShallowRef<DatasetReading | null>;
  readonly encoding: Ref<CodePage>;
  readonly answers: Readonly<Ref<Answers>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** The task that looks, while it runs. */
  readonly taskId: Readonly<Ref<string | null>>;
}

/**
 * Looks into sources of images: at once, after a pause when `source` changes, and with each answer.
 * What is looked for no longer is cancelled.
 *
 * @param start null if there is nothing to look at yet
 * @param outlookOf what a task found; null for a task of another kind
 */
export function useLook<Found extends Outlook>(
  start: (answers: Answers) => Promise<Task> | null,
  outlookOf: (result: TaskResult) => Found | DatasetQuestion | null,
  source: () => string,
): Look<Found> {
  const tasks = useTasks();
  const found: ShallowRef<Found | null> = shallowRef(null);
  const layoutQuestion = shallowRef<LayoutQuestion | null>(null);
  const encodingQuestion = shallowRef<EncodingQuestion | null>(null);
  const reading = shallowRef<DatasetReading | null>(null);
  const encoding = ref<CodePage>(codePageOf(navigator.language));
  const answers = computed((): Answers => ({
    reading: reading.value,
    encoding: encodingQuestion.value === null ? null : encoding.value,
  }));
  const error = shallowRef<ErrorReport | null>(null);
  const taskId = ref<string | null>(null);
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Forgets what was found and cancels the search for more. */
  function leave(): void {
    turn += 1;
    clearTimeout(timer);
    found.value = null;
    error.value = null;
    if (taskId.value !== null) void tasks.cancel(taskId.value);
    taskId.value = null;
  }

  async function look(): Promise<void> {
    leave();
    const mine = turn;
    const started = start(answers.value);
    if (started === null) return;
    try {
      const task = await started;
      if (mine === turn) taskId.value = task.id;
      else void tasks.cancel(task.id);
      const result = await tasks.follow(task, { quiet: true }).finally(() => {
        void tasks.dismiss(task.id);
      });
      const outlook = outlookOf(result);
      if (mine !== turn || outlook === null) return;
      if (outlook.kind === 'layout') layoutQuestion.value = outlook;
      else if (outlook.kind === 'encoding') encodingQuestion.value = outlook;
      else found.value = outlook;
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

  return {
    ...{ found, layoutQuestion, encodingQuestion, reading, encoding, answers, error, taskId },
  };
}
