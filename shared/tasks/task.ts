import type * as v from 'valibot';
import type { ManifestImage } from '../domain/dataset.ts';
import { KarstError } from '../domain/errors.ts';
import type { Evaluation, Prediction } from '../domain/metrics.ts';

/** What a manifest says of an image that a target can be made of. */
export type TargetSource = Pick<ManifestImage, 'labels'>;

export interface Metric {
  /** What evaluations, records and checkpoints call it. */
  readonly key: string;
  /** For the command line: "macro F1". */
  readonly title: string;
  readonly better: 'higher' | 'lower';
}

/** What a model learns to say of an image, as data; `main/tasks` has the computations. */
export interface TaskSpec<Target = unknown> {
  /** What runs and adapter files call it. */
  readonly name: string;
  /** For people: "single-label classification". */
  readonly title: string;
  /** Makes an image's target; its messages finish the sentence "Line 3 of FILE is not an image: …". */
  readonly target: v.GenericSchema<TargetSource, Target>;
  /** Outputs of the head for so many classes. */
  outputs(classes: number): number;
  /** In the order in which they are shown. */
  readonly metrics: readonly Metric[];
  /** Keys of the metrics that choose the best checkpoint: the first decides, the next where it is equal, and so on. */
  readonly chosenBy: readonly string[];
  /** Outputs of one image → probability of each class, in float64. */
  probabilities(outputs: Float32Array): Float64Array;
  /** Indices of the classes that are the answer. */
  decide(probabilities: Float64Array): number[];
}

/** An evaluation, or the part of one that a checkpoint keeps. */
export type Measured = Pick<Evaluation, 'loss' | 'top1' | 'metrics'> & Partial<Evaluation>;

/** @throws internal when it was not measured */
export function metricOf(measured: Measured, key: string): number {
  const own: unknown = (measured as Readonly<Record<string, unknown>>)[key];
  const value = measured.metrics?.[key] ?? own;
  if (typeof value === 'number') return value;
  throw new KarstError('internal', `The metric ${key} was not measured.`, {
    hint: 'This is a fault in KARST Studio: please report it with the log.',
  });
}

/** Whether `a` is a better state of the model than `b`, the best so far; the first one always is. */
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
    // Spelt out for each direction: a metric that is no number is never better.
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
