import * as v from 'valibot';
import { ranked, type TaskSpec } from './task.ts';

/** One class an image, by softmax; the target is the index of the class. */
export const singleLabel: TaskSpec<number> = {
  name: 'single-label',
  title: 'single-label classification',
  target: v.pipe(
    v.object({ labels: v.array(v.number()) }),
    v.check(
      ({ labels }) => labels.length === 1,
      ({ input: { labels } }) =>
        `it has ${labels.length} labels where single-label classification takes one`,
    ),
    v.transform(({ labels }) => labels[0] ?? -1),
  ),
  outputs: (classes) => classes,
  metrics: [
    { key: 'top1', title: 'top-1', better: 'higher', form: 'percent' },
    { key: 'top5', title: 'top-5', better: 'higher', form: 'percent', fromClasses: 6 },
    { key: 'macroF1', title: 'macro F1', better: 'higher', form: 'fraction' },
    { key: 'loss', title: 'loss', better: 'lower', form: 'loss' },
  ],
  chosenBy: ['top1', 'loss'],
  probabilities: softmax,
  combined: logSumExp,
  decide: (probabilities) => ranked(probabilities).slice(0, 1),
};

/** The softmax of the result is the sum of the probabilities of the classes that became one. */
function logSumExp(logits: Float32Array, of: readonly number[], classes: number): Float32Array {
  const largest = new Float64Array(classes).fill(-Infinity);
  for (const [i, z] of logits.entries()) largest[of[i]!] = Math.max(largest[of[i]!]!, z);
  const sums = new Float64Array(classes);
  for (const [i, z] of logits.entries()) sums[of[i]!]! += Math.exp(z - largest[of[i]!]!);
  return Float32Array.from(sums, (sum, c) => largest[c]! + Math.log(sum));
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (z) => Math.exp(z - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}
