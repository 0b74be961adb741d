import { describe, expect, it } from 'vitest';
import type { ImageLoader } from '../../../main/engine/data/loader.ts';
import type { Session } from '../../../main/backends/session.ts';
import { compareLogits } from '../../../main/engine/merge/compare.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';

/** Batches of two rows; index -1 marks a row without an image. */
function loaderOf(indices: readonly [number, number][]): ImageLoader {
  const epoch = async function* () {
    for (const rows of indices)
      yield { pixels: new Float32Array(), indices: Int32Array.from(rows), count: 2 };
  };
  return { epoch } as unknown as ImageLoader;
}
/** Returns the given logits, batch by batch. */
function answering(...batches: readonly number[][]): Session {
  let next = 0;
  const run = () => ({ logits: Float32Array.from(batches[next++] ?? []) });
  return { run } as unknown as Session;
}
const CLASSIFIER = { task: singleLabel, outputs: 2 };
const quiet = (): Promise<void> => Promise.resolve();

describe('the comparison of two models', () => {
  it('finds the largest difference, the tolerance of the type and the agreement', async () => {
    const a = answering([1, 2, 8, 4], [0, 1, 99, 99]);
    const b = answering([1, 2.25, 3, 4], [0, 1, 0, 0]);
    const seen: number[] = [];
    const loader = loaderOf([
      [0, 1],
      [2, -1],
    ]);
    const found = await compareLogits(a, b, loader, CLASSIFIER, 'F16', async (done) => {
      seen.push(done);
    });
    expect(found).toEqual({
      images: 3,
      maxAbsDiff: 5,
      tolerance: 2e-2 * 8,
      top1Agreement: 2 / 3,
    });
    expect(seen).toEqual([2, 3]);
  });

  it.each([
    ['F32', 1e-4],
    ['F16', 2e-2],
    ['BF16', 1e-1],
  ] as const)(
    'allows %s a share of %d of logits that are never taken below 1',
    async (dtype, share) => {
      const small = await compareLogits(
        answering([0.5, 0, 0, 0]),
        answering([0.5, 0, 0, 0]),
        loaderOf([[0, 1]]),
        CLASSIFIER,
        dtype,
        quiet,
      );
      expect(small).toEqual({ images: 2, maxAbsDiff: 0, tolerance: share, top1Agreement: 1 });
    },
  );

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
      const { maxAbsDiff, tolerance } = await compareLogits(
        answering([...a]),
        answering([...b]),
        loaderOf([[0, 1]]),
        CLASSIFIER,
        'F32',
        quiet,
      );
      expect(maxAbsDiff).toBe(Infinity);
      expect(maxAbsDiff <= tolerance).toBe(false);
    }
  });

  it('says that there was nothing to compare', async () => {
    const none = await compareLogits(
      answering(),
      answering(),
      loaderOf([]),
      CLASSIFIER,
      'F32',
      quiet,
    );
    expect([none.images, none.top1Agreement]).toEqual([0, 0]);
  });
});
