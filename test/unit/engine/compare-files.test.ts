import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { evaluationPixels } from '../../../main/engine/data/preprocessing.ts';
import { compareFiles } from '../../../main/engine/merge/compare-files.ts';
import type { FileAnswer } from '../../../main/exports/exporter.ts';
import { decodeImage } from '../../../main/formats/image.ts';
import type { KarstError } from '../../../shared/domain/errors.ts';
import type { FilesVerification } from '../../../shared/domain/metrics.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { PREPROCESSING } from '../../fixtures/engine/test-bed.ts';

const IMAGES = new URL('../../fixtures/images/', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, IMAGES));

interface Reading {
  /** Added to every pixel. */
  readonly off?: number;
  readonly probabilities?: readonly number[];
  readonly refuses?: boolean;
}

/** Compares files of which we give `ours` with a model that reads them as said. */
async function compared(
  names: readonly string[],
  ours: readonly number[],
  { off = 0, probabilities = ours, refuses = false }: Reading,
): Promise<FilesVerification> {
  return compareFiles(
    async (bytes): Promise<FileAnswer> => {
      if (refuses) throw new Error('not an image');
      const pixels = evaluationPixels(await decodeImage(bytes, 'some'), PREPROCESSING);
      return {
        pixels: Float32Array.from(pixels, (level) => level + off),
        probabilities: Float32Array.from(probabilities),
      };
    },
    {
      files: names.map((name) => ({ path: pathOf(name), probabilities: Float64Array.from(ours) })),
      ...{ task: singleLabel, preprocessing: PREPROCESSING, onFile: () => Promise.resolve() },
    },
  );
}

const codeOf = (error: unknown): string => (error as KarstError).code;

describe('the reading of image files', () => {
  it('may differ by two steps, and says by how much it does', async () => {
    const found = await compared(['rgb.png', 'landscape.jpg'], [0.7, 0.3], {
      ...{ off: 2, probabilities: [0.6, 0.4] },
    });
    expect(found).toEqual({
      ...{ images: 2, leftOut: 0, maxPixelDiff: 2, top1Agreement: 1 },
      maxProbabilityDiff: expect.closeTo(0.1, 5) as number,
    });
  });

  it('must not differ by more, and the file is named', async () => {
    const far = compared(['rgb.png'], [0.7, 0.3], { off: 2.5 });
    await expect(far).rejects.toMatchObject({
      ...{ code: 'verification-failed', path: pathOf('rgb.png') },
    });
  });

  it('may change a prediction only where the two best are near', async () => {
    const near = await compared(['rgb.png'], [0.505, 0.495], { probabilities: [0.495, 0.505] });
    expect(near.top1Agreement).toBe(0);
    const clear = compared(['rgb.png'], [0.52, 0.48], { probabilities: [0.48, 0.52] });
    expect(await clear.catch(codeOf)).toBe('verification-failed');
  });

  it('leaves out what is turned, in another profile or transparent, and what it refuses', async () => {
    const others = ['rotated-6.jpg', 'wide-gamut.jpg', 'rgba.png', 'rgb.tif', 'rgba.webp'];
    const found = await compared(['rgb.png', ...others], [0.7, 0.3], {});
    expect(found).toMatchObject({ images: 1, leftOut: others.length });
    const none = compared(['rgb.png'], [0.7, 0.3], { refuses: true });
    expect(await none.catch(codeOf)).toBe('verification-failed');
  });
});
