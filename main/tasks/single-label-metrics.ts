import type { ClassMetrics, Evaluation } from '../../shared/domain/metrics.ts';
import { singleLabel } from '../../shared/tasks/single-label.ts';
import { ranked } from '../../shared/tasks/task.ts';
import type { EvaluationMetrics } from './task.ts';

/**
 * Accuracy, F1 and confusion matrix of single-label classification; probabilities and losses in
 * float64.
 */
export class SingleLabelMetrics implements EvaluationMetrics<number> {
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

  /** Adds one image: its logits (classes) and the index of its true class. */
  add(logits: Float32Array, truth: number): void {
    const order = ranked(logits);
    const rank = order.indexOf(truth);
    const row = this.#confusion[truth];
    const predicted = order[0] ?? 0;
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
    this.#n += 1;
    this.#top1 += rank === 0 ? 1 : 0;
    this.#top5 += rank < 5 ? 1 : 0;
    const probability = singleLabel.probabilities(logits)[truth] ?? 0;
    this.#loss -= Math.log(Math.max(Number.MIN_VALUE, probability));
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
      // Classes without images have no recall and are left out of the average.
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
