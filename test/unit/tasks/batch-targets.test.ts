import { describe, expect, it } from 'vitest';
import type { ImageBatch } from '../../../main/engine/data/batch-source.ts';
import { batchTargets, type BatchTargets } from '../../../main/tasks/batch-targets.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

function batch(indices: number[], lambda = 1, partners = indices.map((_, i) => i)): ImageBatch {
  return {
    pixels: new Float32Array(),
    indices: Int32Array.from(indices),
    count: indices.filter((i) => i >= 0).length,
    partners: Int32Array.from(partners),
    lambda,
    problems: [],
  };
}
const rows = (values: Float32Array, classes: number): number[][] =>
  Array.from({ length: values.length / classes }, (_, i) =>
    [...values.slice(i * classes, (i + 1) * classes)].map((v) => Number(v.toFixed(6))),
  );
const LABELS = [0, 1, 2, 0];
const EVEN = Float64Array.of(1, 1, 1);
const classWeights = singleLabel.classWeights.bind(singleLabel);
const towards = (
  rowsOf: ImageBatch,
  { labelSmoothing = 0, weights = EVEN }: { labelSmoothing?: number; weights?: Float64Array } = {},
): BatchTargets =>
  batchTargets(rowsOf, {
    ...{ task: singleLabel, targets: LABELS, outputs: 3, classWeights: weights, labelSmoothing },
  });

describe('class weights', () => {
  it('are the inverse frequency to a power, with a mean of 1 over the images', () => {
    const labels = [0, 0, 0, 0, 0, 0, 1, 1, 2];
    expect([...classWeights(labels, 3, 0)]).toEqual([1, 1, 1]);
    const full = classWeights(labels, 3, 1);
    // All classes have the same total weight: 6 · 0.5 = 2 · 1.5 = 1 · 3.
    expect([...full].map((w) => Number(w.toFixed(9)))).toEqual([0.5, 1.5, 3]);
    const half = classWeights(labels, 3, 0.5);
    expect(half[2]! / half[0]!).toBeCloseTo(Math.sqrt(6), 12);
    const mean = labels.reduce((sum, label) => sum + half[label]!, 0) / labels.length;
    expect(mean).toBeCloseTo(1, 12);
  });

  it('are 0 for a class without images and disturb no other', () => {
    expect([...classWeights([0, 2], 3, 1)]).toEqual([1, 0, 1]);
  });
});

describe('targets of a batch', () => {
  it('are one-hot rows; padding has neither target nor weight', () => {
    const { targets, weights, total } = towards(batch([3, 1, -1]));
    expect(rows(targets, 3)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    expect([...weights]).toEqual([1, 1, 0]);
    expect(total).toBe(2);
  });

  it('are smoothed towards every class', () => {
    const { targets } = towards(batch([1]), { labelSmoothing: 0.3 });
    expect(rows(targets, 3)).toEqual([[0.1, 0.8, 0.1]]);
  });

  it('are mixed with the partner, and so are the class weights', () => {
    const weights = Float64Array.of(0.5, 1.5, 3);
    const mixed = towards(batch([0, 2], 0.75, [1, 0]), { weights });
    expect(rows(mixed.targets, 3)).toEqual([
      [0.75, 0, 0.25],
      [0.25, 0, 0.75],
    ]);
    expect([...mixed.weights]).toEqual([0.75 * 0.5 + 0.25 * 3, 0.75 * 3 + 0.25 * 0.5]);
    expect(mixed.total).toBe(3.5);
    const smoothed = towards(batch([0, 2], 0.75, [1, 0]), { labelSmoothing: 0.3 });
    expect(rows(smoothed.targets, 3)[0]).toEqual([0.625, 0.1, 0.275]);
  });

  it('of a row whose partner cannot be read are its own', () => {
    const { targets, weights } = towards(batch([0, -1], 0.75, [1, 0]));
    expect(rows(targets, 3)).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect([...weights]).toEqual([1, 0]);
  });
});
