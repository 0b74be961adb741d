import {
  computed,
  onScopeDispose,
  ref,
  shallowRef,
  toValue,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from 'vue';
import type { LogLine, SampleSet } from '../../shared/contract/window/runs.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import type { MetricRecord } from '../../shared/domain/metrics.ts';
import { useBridge } from '../bridge/index.ts';
import { RunHistory } from '../domain/run-history.ts';

const LOG_LINES = 2000;
/** Records per page, processed in well under a frame. */
const PAGE = 2000;
const SHOWN_EVERY_MS = 500;

export interface FollowedRun {
  /** Always the same object; `version` changes with its content. */
  readonly history: RunHistory;
  readonly version: Readonly<Ref<number>>;
  /** Predictions on the same images after each validation, oldest first. */
  readonly samples: Readonly<ShallowRef<readonly SampleSet[]>>;
  readonly log: Readonly<ShallowRef<readonly LogLine[]>>;
  /** The first answer has arrived. */
  readonly loaded: Readonly<Ref<boolean>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** A value computed from the history, updated when it grows. */
  of<T>(look: (history: RunHistory) => T): ComputedRef<T>;
  reload(): Promise<void>;
}

/** Events received while loading. */
interface Gathered {
  readonly metrics: MetricRecord[];
  readonly samples: SampleSet[];
  readonly log: LogLine[];
}

/**
 * The complete history of a run from its first step, kept up to date. Events missed during a
 * disconnect or dropped are loaded.
 */
export function useRunHistory(id: string): FollowedRun {
  const bridge = useBridge();
  const history = new RunHistory();
  const version = ref(0);
  const samples = shallowRef<readonly SampleSet[]>([]);
  const log = shallowRef<readonly LogLine[]>([]);
  const loaded = ref(false);
  const error = shallowRef<ErrorReport | null>(null);
  /** Events received while loading; they are newer than the answer. */
  let waiting: Gathered | null = null;
  let ended = false;
  /** Checked after each answer: the view may be unmounted. */
  const isOver = (): boolean => ended;

  function take(records: readonly MetricRecord[]): void {
    if (records.length === 0) return;
    history.append(records);
    version.value += 1;
  }

  function page(afterStep: number): Promise<MetricRecord[]> {
    return bridge.call('runs.metrics', { id, afterStep, limit: PAGE });
  }

  /** @param newer records that follow the loaded ones */
  async function load(fromStep: number, newer: readonly MetricRecord[] = []): Promise<void> {
    // A running load already collects new events.
    if (waiting !== null) return;
    const gathered: Gathered = { metrics: [...newer], samples: [], log: [] };
    waiting = gathered;
    try {
      const [first, sets, lines] = await Promise.all([
        page(fromStep),
        bridge.call('runs.samples', { id }),
        bridge.call('runs.log', { id }),
      ]);
      if (isOver()) return;
      if (fromStep === 0) history.clear();
      let shownAt = -Infinity;
      for (let records = first; ; records = await page(history.lastStep)) {
        if (isOver()) return;
        history.append(records);
        if (records.length < PAGE) break;
        // A long history is drawn while it loads, but not for every page.
        if (performance.now() - shownAt < SHOWN_EVERY_MS) continue;
        shownAt = performance.now();
        version.value += 1;
      }
      samples.value = gathered.samples.reduce(withSamples, sets);
      log.value = [...lines, ...gathered.log.filter((line) => !hasLine(lines, line))];
      version.value += 1;
      loaded.value = true;
      error.value = null;
    } catch (thrown) {
      error.value = toErrorReport(thrown);
    } finally {
      waiting = null;
      take(gathered.metrics);
    }
  }

  /** Loads only what is missing, or everything if the run has gone back to an earlier step. */
  async function catchUp(): Promise<void> {
    try {
      const { step } = await bridge.call('runs.get', { id });
      // A validation record has the step of the training record before it, so that step is loaded
      // again.
      await load(step < history.lastStep ? 0 : Math.max(0, history.lastStep - 1));
    } catch (thrown) {
      error.value = toErrorReport(thrown);
    }
  }

  const stops = [
    bridge.on('metrics', ({ runId, records }) => {
      if (runId !== id) return;
      if (waiting !== null) {
        for (const record of records) waiting.metrics.push(record);
      } else if (history.misses(records)) {
        void load(Math.max(0, history.lastStep - 1), records);
      } else {
        take(records);
      }
    }),
    bridge.on('samples', ({ runId, samples: set }) => {
      if (runId !== id) return;
      if (waiting === null) samples.value = withSamples(samples.value, set);
      else waiting.samples.push(set);
    }),
    bridge.on('log', ({ runId, lines }) => {
      if (runId !== id) return;
      if (waiting === null) log.value = [...log.value, ...lines].slice(-LOG_LINES);
      else for (const line of lines) waiting.log.push(line);
    }),
    bridge.onReconnected(() => void catchUp()),
  ];
  onScopeDispose(() => {
    ended = true;
    for (const stop of stops) stop();
  });

  function of<T>(look: (history: RunHistory) => T): ComputedRef<T> {
    return computed(() => {
      void toValue(version);
      return look(history);
    });
  }

  void load(0);
  return { history, version, samples, log, loaded, error, of, reload: () => load(0) };
}

/** A resumed run repeats epochs: newer predictions replace older ones and remove later ones. */
function withSamples(sets: readonly SampleSet[], set: SampleSet): readonly SampleSet[] {
  return [...sets.filter((other) => other.epoch < set.epoch), set];
}

function hasLine(lines: readonly LogLine[], line: LogLine): boolean {
  return lines.some((other) => other.at === line.at && other.message === line.message);
}
