import { singleLabel as spec } from '../../shared/tasks/single-label.ts';
import * as g from '../graph/operations.ts';
import { SingleLabelMetrics } from './single-label-metrics.ts';
import type { Task } from './task.ts';

/** Softmax cross-entropy against soft targets: one-hot rows, smoothed and mixed. */
export const singleLabel: Task<number> = {
  spec,
  loss: (logits, targets, weights) => {
    const perImage = g.neg(g.sum(g.mul(targets, g.logSoftmax(logits)), [1]));
    return g.sumAll(g.mul(perImage, weights));
  },
  probabilities: g.softmax,
  encode(row, { first, second, lambda }, smooth) {
    row.fill(smooth / row.length);
    row[first]! += (1 - smooth) * lambda;
    row[second]! += (1 - smooth) * (1 - lambda);
  },
  classWeights(labels, classes, power) {
    const counts = new Float64Array(classes);
    for (const label of labels) counts[label]! += 1;
    const raw = counts.map((n) => (n === 0 ? 0 : (labels.length / (classes * n)) ** power));
    const mean = labels.reduce((sum, label) => sum + (raw[label] ?? 0), 0) / labels.length;
    return raw.map((w) => w / mean);
  },
  weight: (label, classWeights) => classWeights[label] ?? 0,
  isHit: (logits, label) =>
    logits.indexOf(logits.reduce((a, b) => Math.max(a, b), -Infinity)) === label,
  evaluation: (classes) => new SingleLabelMetrics(classes),
};
