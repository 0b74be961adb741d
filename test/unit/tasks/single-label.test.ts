import { describe, expect, it } from 'vitest';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { likeliest, ranked } from '../../../shared/tasks/task.ts';

const row = (...logits: number[]): Float32Array => Float32Array.from(logits);

describe('the evaluation of one class an image', () => {
  // True and predicted classes: a→a, a→b, b→b, c→a; d has no image and is predicted once, for an
  // image of b.
  const metrics = singleLabel.evaluation(['a', 'b', 'c', 'd']);
  metrics.add(row(2, 0, 0, 0), 0);
  metrics.add(row(0, Math.log(3), 0, 0), 0);
  metrics.add(row(0, 1, 0, 0), 1);
  metrics.add(row(5, 0, 4, 0), 2);
  metrics.add(row(0, 0, 0, 7), 1);
  const result = metrics.result();

  it('counts truth against prediction', () => {
    expect(result.n).toBe(5);
    expect(result.confusion).toEqual([
      [1, 1, 0, 0],
      [0, 1, 0, 1],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(result.top1).toBe(2 / 5);
    // With four classes, the top 5 always include the true one.
    expect(result.top5).toBe(1);
  });

  it('gives precision, recall and F1 by class', () => {
    expect(result.perClass).toEqual([
      { label: 'a', n: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { label: 'b', n: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { label: 'c', n: 1, precision: 0, recall: 0, f1: 0 },
      { label: 'd', n: 0, precision: 0, recall: 0, f1: 0 },
    ]);
    // Averaged over the three classes that have images.
    expect(result.macroF1).toBeCloseTo(1 / 3, 12);
  });

  it('takes the mean cross-entropy in nats', () => {
    const e = Math.E;
    const losses = [
      -Math.log(e ** 2 / (e ** 2 + 3)),
      -Math.log(1 / 6),
      -Math.log(e / (e + 3)),
      -Math.log(e ** 4 / (e ** 5 + e ** 4 + 2)),
      -Math.log(1 / (e ** 7 + 3)),
    ];
    expect(result.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 7);
  });

  it('tells the first answer from the first five', () => {
    const six = singleLabel.evaluation(['a', 'b', 'c', 'd', 'e', 'f']);
    six.add(row(6, 5, 4, 3, 2, 1), 0);
    six.add(row(6, 5, 4, 3, 2, 1), 4);
    six.add(row(6, 5, 4, 3, 2, 1), 5);
    const { top1, top5 } = six.result();
    expect([top1, top5]).toEqual([1 / 3, 2 / 3]);
  });

  it('has finite numbers for certainty in the wrong class and for no images at all', () => {
    const wrong = singleLabel.evaluation(['a', 'b']);
    wrong.add(row(0, 2000), 0);
    expect(wrong.result().loss).toBeCloseTo(-Math.log(Number.MIN_VALUE), 6);
    const empty = singleLabel.evaluation(['a', 'b']).result();
    expect([empty.n, empty.top1, empty.loss, empty.macroF1]).toEqual([0, 0, 0, 0]);
  });
});

describe('predictions', () => {
  it('come with the likeliest first, ties in the order of the classes', () => {
    expect(ranked(row(1, 3, 3, 2))).toEqual([1, 2, 3, 0]);
    const found = likeliest(singleLabel.spec, row(0, Math.log(2), Math.log(5)), ['x', 'y', 'z'], 2);
    expect(found.map((p) => p.label)).toEqual(['z', 'y']);
    expect(found[0]?.probability).toBeCloseTo(5 / 8, 6);
    expect(found[1]?.probability).toBeCloseTo(2 / 8, 6);
  });

  it('add up to one for logits of any size', () => {
    for (const logits of [row(1000, 999, -1000), row(-2000, -2000), row(0, 88, 89)]) {
      expect(singleLabel.spec.probabilities(logits).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    }
  });
});

describe('classes that became one', () => {
  const { combined, probabilities } = singleLabel.spec;
  const logits = row(1.5, -2, 0.25, 30, -400);
  const of = [0, 1, 0, 2, 1];

  it('have the sum of their probabilities, and the others keep their own outputs', () => {
    const before = probabilities(logits);
    const after = probabilities(combined(logits, of, 3));
    const sums = [0, 1, 2].map((c) => before.reduce((sum, p, i) => sum + (of[i] === c ? p : 0), 0));
    after.forEach((p, c) => expect(p).toBeCloseTo(sums[c]!, 12));
    expect(combined(logits, of, 3)[2]).toBe(30);
    expect(combined(logits, [4, 3, 2, 1, 0], 5)).toEqual(row(-400, 30, 0.25, -2, 1.5));
  });

  it('are finite however large the outputs are', () => {
    expect([...combined(row(1000, 1000, -1000), [0, 0, 1], 2)]).toEqual([
      expect.closeTo(1000 + Math.log(2), 4),
      -1000,
    ]);
  });

  it('can win together where neither does alone', () => {
    const metrics = singleLabel.evaluation(['cat', 'dog']);
    metrics.add(combined(row(1, 1.2, 1), [0, 1, 0], 2), 0);
    const { top1, confusion, loss } = metrics.result();
    expect(top1).toBe(1);
    expect(confusion).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(loss).toBeCloseTo(-Math.log((2 * Math.E) / (2 * Math.E + Math.exp(1.2))), 6);
  });
});
