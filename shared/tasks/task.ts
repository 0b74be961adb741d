import type * as v from 'valibot';
import type { ManifestImage } from '../domain/dataset.ts';
import { KarstError } from '../domain/errors.ts';
import type { Evaluation, Prediction } from '../domain/metrics.ts';

/** The part of a manifest's image from which a target is made. */
export type TargetSource = Pick<ManifestImage, 'labels'>;

export interface Metric {
  /** Its key in evaluations, records and checkpoints. */
  readonly key: string;
  /** Label on the command line, and in a window without words of its own for it: "macro F1". */
  readonly title: string;
  readonly better: 'higher' | 'lower';
  /** How values are written: a fraction as per cent or with three digits, or with as many digits as a loss needs. */
  readonly form: 'percent' | 'fraction' | 'loss';
  /** With fewer classes it says nothing and is not shown; left out: it always does. */
  readonly fromClasses?: number;
}

/** A task as data; `main/tasks` has the computations. */
export interface TaskSpec<Target = unknown> {
  /** Its name in runs and adapter files. */
  readonly name: string;
  /** Display name: "single-label classification". */
  readonly title: string;
  /**
   * Computes an image's target; its messages complete the sentence "Line 3 of FILE is not an image:
   * …".
   */
  readonly target: v.GenericSchema<TargetSource, Target>;
  /** Outputs of the head for a number of classes. */
  outputs(classes: number): number;
  /** In display order. */
  readonly metrics: readonly Metric[];
  /** Keys of the metrics that select the best checkpoint, in order of precedence. */
  readonly chosenBy: readonly string[];
  /** Outputs of one image → probability of each class, in float64. */
  probabilities(outputs: Float32Array): Float64Array;
  /**
   * Outputs for classes that were made of others by merging.
   * @param of the new class of each old one, below `classes`; every new one has an old one
   */
  combined(outputs: Float32Array, of: readonly number[], classes: number): Float32Array;
  /** Indices of the predicted classes. */
  decide(probabilities: Float64Array): number[];
}

/** An evaluation, or the part stored in a checkpoint. */
export type Measured = Pick<Evaluation, 'loss' | 'top1' | 'metrics'> & Partial<Evaluation>;

/** @throws internal when it is missing */
export function metricOf(measured: Measured, key: string): number {
  const value = measuredValue(measured, key);
  if (value !== null) return value;
  throw new KarstError('internal', `The metric ${key} was not measured.`, {
    hint: 'This is a fault in KARST Studio: please report it with the log.',
  });
}

/** The value of a metric; null where it was not measured, as with what an earlier version stored. */
export function measuredValue(measured: Measured, key: string): number | null {
  const own: unknown = (measured as Readonly<Record<string, unknown>>)[key];
  const value = measured.metrics?.[key] ?? own;
  return typeof value === 'number' ? value : null;
}

/** What was measured and says something with so many classes, in the task's order. */
export function shownMetrics(
  { metrics }: Pick<TaskSpec, 'metrics'>,
  measured: Measured,
  classes: number,
): { readonly metric: Metric; readonly value: number }[] {
  return metrics.flatMap((metric) => {
    const value = measuredValue(measured, metric.key);
    return value === null || classes < (metric.fromClasses ?? 0) ? [] : [{ metric, value }];
  });
}

/** The metric that chooses the best state of a model. */
export function decisiveMetric({
  metrics,
  chosenBy: [key],
}: Pick<TaskSpec, 'metrics' | 'chosenBy'>): Metric {
  const found = metrics.find((metric) => metric.key === key);
  if (found === undefined) throw new RangeError(`no metric is named "${String(key)}"`);
  return found;
}

/** Whether `a` is better than `b`, the best so far; the first one always is. */
export function isBetter(
  { metrics, chosenBy }: Pick<TaskSpec, 'metrics' | 'chosenBy'>,
  a: Measured,
  b: Measured | null,
): boolean {
  if (b === null) return true;
  for (const key of chosenBy) {
    const [ours, theirs] = [metricOf(a, key), metricOf(b, key)];
    if (ours === theirs) continue;
    const lower = metrics.find((metric) => metric.key === key)?.better === 'lower';
    // Written for each direction, so that NaN is never better.
    return lower ? ours < theirs : ours > theirs;
  }
  return false;
}

/** Class indices from the largest value to the smallest; ties in the order of the classes. */
export function ranked(values: Float32Array | Float64Array): number[] {
  return Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
}

/** The `count` likeliest classes for one image's outputs, likeliest first. */
export function likeliest(
  task: Pick<TaskSpec, 'probabilities'>,
  outputs: Float32Array,
  classes: readonly string[],
  count: number,
): Prediction[] {
  const probabilities = task.probabilities(outputs);
  return ranked(probabilities)
    .slice(0, count)
    .map((index) => ({
      label: classes[index] ?? String(index),
      probability: probabilities[index] ?? 0,
    }));
}
