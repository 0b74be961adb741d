import { describe, expect, it } from 'vitest';
import type { ImageLoader } from '../../../main/engine/data/loader.ts';
import type { Session } from '../../../main/backends/session.ts';
import { compareModels, type Comparison } from '../../../main/engine/merge/compare.ts';
import type { ReadBack } from '../../../main/exports/exporter.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';

/** Batches of two rows; index -1 marks a row without an image. */
function loaderOf(indices: readonly [number, number][]): ImageLoader {
  const epoch = async function* () {
    for (const rows of indices)
      yield { pixels: new Float32Array(), indices: Int32Array.from(rows), count: 2 };
  };
  return { epoch } as unknown as ImageLoader;
}
/** Gives these logits, batch by batch. */
function adapted(...batches: readonly number[][]): Session {
  let next = 0;
  const run = () => ({ logits: Float32Array.from(batches[next++] ?? []) });
  return { run } as unknown as Session;
}
/** Gives these values, batch by batch. */
function written(...batches: readonly number[][]): Pick<ReadBack, 'run'> {
  let next = 0;
  return { run: async () => Float32Array.from(batches[next++] ?? []) };
}
const CLASSIFIER: Comparison = {
  task: singleLabel,
  outputs: 2,
  bound: { of: 'logits', tolerance: (largest) => 0.5 * largest },
  images: [{ labels: [0] }, { labels: [1] }, { labels: [0] }],
  onBatch: () => Promise.resolve(),
};

describe('the comparison of two models', () => {
  it('finds the largest difference, the tolerance of the type and the agreement', async () => {
    const seen: number[] = [];
    const found = await compareModels(
      adapted([1, 2, 8, 4], [0, 1, 99, 99]),
      written([1, 2.25, 3, 4], [0, 1, 0, 0]),
      loaderOf([
        [0, 1],
        [2, -1],
      ]),
      {
        ...CLASSIFIER,
        onBatch: async (done) => {
          seen.push(done);
        },
      },
    );
    expect(found).toEqual({ images: 3, maxAbsDiff: 5, tolerance: 4, top1Agreement: 2 / 3 });
    expect(seen).toEqual([2, 3]);
  });

  it('never takes the largest value for less than 1', async () => {
    const small = await compareModels(
      adapted([0.5, 0, 0, 0]),
      written([0.5, 0, 0, 0]),
      loaderOf([[0, 1]]),
      CLASSIFIER,
    );
    expect(small).toEqual({ images: 2, maxAbsDiff: 0, tolerance: 0.5, top1Agreement: 1 });
  });

  it('compares probabilities, and counts what each predicts right where accuracy may be lost', async () => {
    const ours = new Map<number, readonly number[]>();
    const found = await compareModels(
      adapted([0, Math.log(3), 0, Math.log(3)], [Math.log(3), 0, 0, 0]),
      written([0.75, 0.25, 0.25, 0.75], [0.25, 0.75, 0, 0]),
      loaderOf([
        [0, 1],
        [2, -1],
      ]),
      {
        ...CLASSIFIER,
        bound: { of: 'probabilities', tolerance: () => 1, lossy: true },
        onImage: (index, probabilities) => ours.set(index, [...probabilities]),
      },
    );
    expect(found).toEqual({
      images: 3,
      of: 'probabilities',
      maxAbsDiff: expect.closeTo(0.5, 6) as number,
      tolerance: 1,
      top1Agreement: 1 / 3,
      accuracy: { adapted: 2 / 3, exported: 2 / 3 },
    });
    expect(ours.get(2)?.[0]).toBeCloseTo(0.75, 6);
  });

  it('takes a NaN on either side for an infinite difference, also before numbers', async () => {
    for (const [a, b] of [
      [
        [NaN, 0, 1, 1],
        [0, 0, 1, 1],
      ],
      [
        [0, 0, 1, 1],
        [NaN, 0, 1, 1],
      ],
    ] as const) {
      const { maxAbsDiff, tolerance } = await compareModels(
        adapted([...a]),
        written([...b]),
        loaderOf([[0, 1]]),
        CLASSIFIER,
      );
      expect(maxAbsDiff).toBe(Infinity);
      expect(maxAbsDiff <= tolerance).toBe(false);
    }
  });

  it('says that there was nothing to compare', async () => {
    const none = await compareModels(adapted(), written(), loaderOf([]), CLASSIFIER);
    expect([none.images, none.top1Agreement]).toEqual([0, 0]);
  });
});
