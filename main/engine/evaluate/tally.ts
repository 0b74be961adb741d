import type { ClassMetrics, Evaluation, Prediction } from '../../../shared/domain/metrics.ts';

/** Counts up an evaluation image by image; probabilities and losses in float64. */
export class Tally {
  readonly #classes: readonly string[];
  readonly #confusion: number[][];
  #n = 0;
  #top1 = 0;
  #top5 = 0;
  #loss = 0;

  constructor(classes: readonly string[]) {
    this.#classes = classes;
    this.#confusion = classes.map(() => classes.map(() => 0));
  }

  /** One image: its logits (classes) and the index of its true class. */
  add(logits: Float32Array, truth: number): void {
    const order = ranked(logits);
    const rank = order.indexOf(truth);
    const row = this.#confusion[truth];
    const predicted = order[0] ?? 0;
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
    this.#n += 1;
    this.#top1 += rank === 0 ? 1 : 0;
    this.#top5 += rank < 5 ? 1 : 0;
    this.#loss -= Math.log(Math.max(Number.MIN_VALUE, softmax(logits)[truth] ?? 0));
  }

  result(): Evaluation {
    const perClass = this.#classes.map((label, index) => this.#classMetrics(label, index));
    const present = perClass.filter((c) => c.n > 0);
    const n = Math.max(1, this.#n);
    return {
      n: this.#n,
      top1: this.#top1 / n,
      top5: this.#top5 / n,
      loss: this.#loss / n,
      // Classes without images have no recall to average.
      macroF1: present.reduce((sum, c) => sum + c.f1, 0) / Math.max(1, present.length),
      perClass,
      confusion: this.#confusion,
    };
  }

  #classMetrics(label: string, index: number): ClassMetrics {
    const n = (this.#confusion[index] ?? []).reduce((a, b) => a + b, 0);
    const predicted = this.#confusion.reduce((sum, row) => sum + (row[index] ?? 0), 0);
    const hits = this.#confusion[index]?.[index] ?? 0;
    const precision = predicted === 0 ? 0 : hits / predicted;
    const recall = n === 0 ? 0 : hits / n;
    const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { label, n, precision, recall, f1 };
  }
}

/** Class indices from the largest logit to the smallest; ties in the order of the classes. */
export function ranked(logits: Float32Array): number[] {
  return Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
}

/** Softmax of one row, in float64. */
export function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (z) => Math.exp(z - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

/** The `count` likeliest classes of one image's logits, likeliest first. */
export function topPredictions(
  logits: Float32Array,
  labels: readonly string[],
  count: number,
): Prediction[] {
  const probabilities = softmax(logits);
  return ranked(logits)
    .slice(0, count)
    .map((index) => ({
      label: labels[index] ?? String(index),
      probability: probabilities[index] ?? 0,
    }));
}
