import type { JobRun, StartPhases } from './job-runs.ts';
import type { PerfSplit } from './perf-split.ts';
import { mean, median } from './statistics.ts';

/** Median times from the command to the end of the first step, in seconds. */
export interface StartTimes extends StartPhases {
  readonly total: number;
}

/** Where the seconds of our epoch go. */
export interface EpochSplit {
  readonly steps: number;
  /** Of the steps: for images that are not ready. */
  readonly waiting: number;
  readonly validation: number;
  readonly perf: PerfSplit | null;
}

/** An epoch's seconds with its validation, of all epochs but each run's first where it has more. */
function countedEpochs(run: JobRun): { seconds: number; index: number }[] {
  const all = run.epochs.map(({ end }, index) => {
    // The first epoch begins when its first step does, which nothing tells: that step ends it.
    const begin = index === 0 ? run.firstStep : (run.epochs[index - 1]?.end ?? 0);
    return { seconds: end - begin, index };
  });
  return all.length > 1 ? all.slice(1) : all;
}

/** Median seconds of an epoch, with its validation. */
export function epochOf(runs: readonly JobRun[]): number {
  return median(runs.flatMap((run) => countedEpochs(run).map(({ seconds }) => seconds)));
}

export function splitOf(runs: readonly JobRun[]): EpochSplit {
  const counted = runs.flatMap((run) =>
    countedEpochs(run).flatMap(({ index }) => run.epochs[index] ?? []),
  );
  return {
    steps: median(counted.map(({ steps }) => steps)),
    waiting: median(counted.map(({ waiting }) => waiting)),
    validation: median(counted.map(({ validation }) => validation)),
    perf: runs.findLast(({ perf }) => perf !== null)?.perf ?? null,
  };
}

/** Each phase's median; they need not add up to that of the whole. */
export function medianStart(runs: readonly JobRun[]): StartTimes {
  const of = (phase: keyof StartPhases): number =>
    median(runs.map(({ start }) => start?.[phase] ?? NaN));
  return {
    total: median(runs.map(({ firstStep }) => firstStep)),
    ...{ process: of('process'), tensorflow: of('tensorflow') },
    ...{ graph: of('graph'), images: of('images'), xla: of('xla') },
  };
}

/** Best validation accuracy of a run. */
export function bestOf(run: JobRun): number {
  return Math.max(...run.epochs.map(({ top1 }) => top1));
}

/** Index of the rate with the best accuracy on validation, in the mean over its runs. */
export function chosenRate(byRate: readonly (readonly JobRun[])[]): number {
  const means = byRate.map((runs) => mean(runs.map(bestOf)));
  return means.indexOf(Math.max(...means));
}

/**
 * Median over the seeds of the seconds until a validation first reaches the seed's target; null if
 * that is a run that never does.
 *
 * @param targets accuracy to reach, by seed
 * @param before seconds before the runs' own clock
 */
export function timeTo(
  runs: readonly JobRun[],
  targets: readonly number[],
  before: number,
): number | null {
  const times = runs.map((run, seed) => {
    const reached = run.epochs.find(({ top1 }) => top1 >= (targets[seed] ?? Infinity));
    return reached === undefined ? Infinity : before + reached.end;
  });
  const middle = median(times);
  return Number.isFinite(middle) ? middle : null;
}
