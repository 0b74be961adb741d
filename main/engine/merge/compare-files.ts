import sharp from 'sharp';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { FilesVerification } from '../../../shared/domain/metrics.ts';
import { ranked, type TaskSpec } from '../../../shared/tasks/task.ts';
import type { ReadBack } from '../../exports/exporter.ts';
import { readWholeFile } from '../../formats/files.ts';
import { decodeImage, IMAGE_FILE_LIMIT } from '../../formats/image.ts';
import { evaluationFloats, evaluationPixels } from '../data/preprocessing.ts';

const NOTHING_WRITTEN = 'Nothing was written; the adapter itself is unchanged. Export it as ONNX.';
/** Largest difference of a pixel, in steps of 8 bits. */
const PIXEL_TOLERANCE = 2;
/** The prediction may change where our two likeliest classes are nearer than this. */
const NEAR = 0.02;

export interface FileComparison {
  /** With the probabilities that the adapted model gives. */
  readonly files: readonly {
    readonly path: string;
    readonly probabilities: Float32Array | Float64Array;
  }[];
  readonly task: TaskSpec;
  readonly preprocessing: Preprocessing;
  readonly onFile: (done: number) => Promise<void>;
}

/**
 * Compares how a written model reads image files with how we do.
 * @throws KarstError verification-failed
 */
export async function compareFiles(
  runFile: NonNullable<ReadBack['runFile']>,
  { files, task, preprocessing, onFile }: FileComparison,
): Promise<FilesVerification> {
  let images = 0;
  let refused = 0;
  let maxPixelDiff = 0;
  let maxProbabilityDiff = 0;
  let agreed = 0;
  for (const [done, { path, probabilities }] of files.entries()) {
    await onFile(done);
    const bytes = await readWholeFile(path, IMAGE_FILE_LIMIT);
    if (!(await isPlain(bytes))) continue;
    const image = await decodeImage(bytes, path);
    const read = preprocessing.rescale === undefined ? evaluationPixels : evaluationFloats;
    const ours = read(image, preprocessing);
    const theirs = await runFile(bytes).catch(() => null);
    if (theirs === null) {
      refused += 1;
      continue;
    }
    const pixels = largestDifference(ours, theirs.pixels);
    const same =
      String(task.decide(Float64Array.from(probabilities))) ===
      String(task.decide(Float64Array.from(theirs.probabilities)));
    if (!(pixels <= PIXEL_TOLERANCE))
      throw unlike(path, `has pixels that differ by up to ${pixels.toFixed(1)} of 255`);
    if (!same && leadOf(probabilities) > NEAR) throw unlike(path, 'is predicted otherwise');
    images += 1;
    agreed += same ? 1 : 0;
    maxPixelDiff = Math.max(maxPixelDiff, pixels);
    maxProbabilityDiff = Math.max(
      maxProbabilityDiff,
      largestDifference(probabilities, theirs.probabilities),
    );
  }
  await onFile(files.length);
  if (images === 0 && refused > 0)
    throw new KarstError(
      'verification-failed',
      'The written model reads none of the image files that it should.',
      { hint: NOTHING_WRITTEN },
    );
  return {
    images,
    leftOut: files.length - images,
    maxPixelDiff,
    maxProbabilityDiff,
    top1Agreement: images === 0 ? 0 : agreed / images,
  };
}

/**
 * Whether TensorFlow's decoders give what ours does: an upright JPEG or PNG in sRGB without
 * transparency.
 */
async function isPlain(bytes: Uint8Array): Promise<boolean> {
  const { format, orientation, space, hasAlpha, icc } = await sharp(bytes).metadata();
  return (
    (format === 'jpeg' || format === 'png') &&
    (orientation ?? 1) === 1 &&
    (space === 'srgb' || space === 'b-w') &&
    !hasAlpha &&
    (icc === undefined || isSrgb(icc))
  );
}

/** By its description, in the encodings of both versions of the format. */
function isSrgb(profile: Buffer): boolean {
  return (
    profile.includes('sRGB', 0, 'latin1') ||
    profile.includes(Buffer.from('sRGB', 'utf16le').swap16())
  );
}

/** Infinite where the lengths differ or a value is not a number. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(difference)) return Infinity;
    most = Math.max(most, difference);
  }
  return most;
}

/** How far the likeliest class is ahead of the next. */
function leadOf(probabilities: Float32Array | Float64Array): number {
  const [first = 0, second = 0] = ranked(probabilities);
  return probabilities[first]! - (probabilities[second] ?? 0);
}

function unlike(path: string, what: string): KarstError {
  return new KarstError('verification-failed', `${path}, read by the written model, ${what}.`, {
    hint: NOTHING_WRITTEN,
    path,
  });
}
