import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { AugmentJob } from '../../../shared/contract/engine/jobs.ts';
import type { AugmentResult } from '../../../shared/contract/engine/results.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { writeError } from '../../formats/files.ts';
import { workingRule } from '../data/augmentation.ts';
import { BatchMaker } from '../data/batch-maker.ts';
import { planCache } from '../data/cache-plan.ts';
import type { JobChannel } from './channel.ts';

/**
 * Decoded images are kept in memory between the copies. Limit of one in multiples of the model's
 * square: a shorter side of 1.5 times its side and a longer one of up to four times that.
 */
const WORKING_PIXELS = 9;

/**
 * Previews of augmented images: each copy is the batch of all images in one epoch, as the loader
 * makes it, mixup included, converted back from normalised values to PNG. Does not load TensorFlow.
 */
export async function augment(job: AugmentJob, channel: JobChannel): Promise<AugmentResult> {
  const { preprocessing, augmentation, copies, seed, out } = job;
  const side = preprocessing.imageSize;
  const rule = workingRule(preprocessing, augmentation).name;
  const memory = job.images.length * WORKING_PIXELS * 3 * side ** 2;
  const cache = await planCache(null, rule, job.images, 1, memory);
  const maker = new BatchMaker({
    images: job.images,
    preprocessing,
    augmentation,
    seed,
    cache,
    ownSegment: null,
  });
  const rows = Int32Array.from(job.images, (_, index) => index);
  const images: string[][] = job.images.map(() => []);
  const problems = new Map<number, ErrorReport>();
  for (let epoch = 0; epoch < copies; epoch++) {
    channel.progress('decoding', epoch, copies);
    await channel.throwIfCancelled();
    const batch = await maker.make(epoch, 0, rows);
    for (const { index, error } of batch.problems) problems.set(index, error);
    for (const [row, index] of batch.indices.entries()) {
      if (index === -1) continue;
      const planes = batch.pixels.subarray(row * 3 * side ** 2, (row + 1) * 3 * side ** 2);
      const file = `${String(index)}-${String(epoch)}.png`;
      await writePicture(join(out, file), planes, preprocessing);
      images[index]?.push(file);
    }
  }
  channel.progress('decoding', copies, copies);
  return {
    kind: 'augment',
    images,
    problems: [...problems].map(([index, error]) => ({ index, error })),
  };
}

/** @param planes (3, S, S), normalised */
async function writePicture(
  path: string,
  planes: Float32Array,
  { imageSize: side, mean, std }: Preprocessing,
): Promise<void> {
  const pixels = new Uint8ClampedArray(3 * side ** 2);
  for (let c = 0; c < 3; c++) {
    const plane = planes.subarray(c * side ** 2, (c + 1) * side ** 2);
    const [m, s] = [mean[c]!, std[c]!];
    plane.forEach((value, i) => (pixels[3 * i + c] = (value * s + m) * 255));
  }
  const png = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
  try {
    await writeFile(path, png);
  } catch (error) {
    throw writeError(path, error);
  }
}
