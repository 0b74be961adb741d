import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type {
  DatasetPreview,
  DatasetQuestion,
  DatasetReading,
  LayoutQuestion,
} from '../../../shared/contract/window/dataset-source.ts';
import type { Input } from '../../../shared/contract/window/procedures.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { useBridge } from '../../bridge/index.ts';
import { useTasks } from '../../stores/tasks.ts';
import { codePageOf, type CodePage } from './code-pages.ts';

/** Pause in typing after which a path is looked at. */
const TYPING_MS = 400;

export interface SourcePreview {
  /** What an import makes of the source; null while it is looked at, or has a question open. */
  readonly preview: Readonly<ShallowRef<DatasetPreview | null>>;
  /** What has to be answered; stays while its answer is looked at. */
  readonly layoutQuestion: Readonly<ShallowRef<LayoutQuestion | null>>;
  readonly encodingQuestion: Readonly<
    ShallowRef<Extract<DatasetQuestion, { kind: 'encoding' }> | null>
  >;
  /** The answers. */
  readonly reading: ShallowRef<DatasetReading | null>;
  readonly encoding: Ref<CodePage>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** The task that looks at it, while it runs. */
  readonly taskId: Readonly<Ref<string | null>>;
  /** The source with the answers about it. */
  readonly source: Readonly<Ref<Input<'datasets.preview'>>>;
}

/**
 * Looks at a folder or list as soon as it is chosen, and again with each answer. Another path, or
 * leaving, cancels it.
 */
export function useSourcePreview(path: Readonly<Ref<string>>): SourcePreview {
  const bridge = useBridge();
  const tasks = useTasks();
  const preview = shallowRef<DatasetPreview | null>(null);
  const layoutQuestion = shallowRef<LayoutQuestion | null>(null);
  const encodingQuestion = shallowRef<Extract<DatasetQuestion, { kind: 'encoding' }> | null>(null);
  const reading = shallowRef<DatasetReading | null>(null);
  const encoding = ref<CodePage>(codePageOf(navigator.language));
  const error = shallowRef<ErrorReport | null>(null);
  const taskId = ref<string | null>(null);
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const source = computed((): Input<'datasets.preview'> => {
    const { path: inside, as } = reading.value ?? { path: path.value, as: null };
    return {
      path: as === null ? inside : path.value,
      ...(as === null ? {} : { as }),
      ...(encodingQuestion.value === null ? {} : { encoding: encoding.value }),
    };
  });

  /** Forgets what was found and cancels the search for more. */
  function leave(): void {
    turn += 1;
    clearTimeout(timer);
    preview.value = null;
    error.value = null;
    if (taskId.value !== null) void tasks.cancel(taskId.value);
    taskId.value = null;
  }

  async function look(): Promise<void> {
    leave();
    const mine = turn;
    if (source.value.path === '') return;
    try {
      const task = await bridge.call('datasets.preview', source.value);
      if (mine === turn) taskId.value = task.id;
      else void tasks.cancel(task.id);
      const result = await tasks.follow(task, { quiet: true }).finally(() => {
        void tasks.dismiss(task.id);
      });
      if (mine !== turn || result.kind !== 'outlook') return;
      const { outlook } = result;
      if (outlook.kind === 'preview') preview.value = outlook;
      else if (outlook.kind === 'layout') layoutQuestion.value = outlook;
      else encodingQuestion.value = outlook;
    } catch (thrown) {
      const isCancelled = thrown instanceof KarstError && thrown.code === 'cancelled';
      if (mine === turn && !isCancelled) error.value = toErrorReport(thrown);
    } finally {
      if (mine === turn) taskId.value = null;
    }
  }

  watch(path, () => {
    leave();
    layoutQuestion.value = null;
    encodingQuestion.value = null;
    reading.value = null;
    timer = setTimeout(() => void look(), TYPING_MS);
  });
  watch([reading, encoding, () => encodingQuestion.value !== null], () => {
    // A new path has reset the answers and is waited for.
    if (reading.value !== null || encodingQuestion.value !== null) void look();
  });
  onScopeDispose(leave);
  void look();

  return { preview, layoutQuestion, encodingQuestion, reading, encoding, error, taskId, source };
}
