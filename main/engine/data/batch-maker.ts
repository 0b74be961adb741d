import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import { readImage } from '../../formats/image.ts';
import { randomStream } from '../random.ts';
import { Augmenter, workingRule, type WorkingRule } from './augmentation.ts';
import type { ImageProblem, LoadingThreadData } from './messages.ts';
import { drawBeta, mixRows } from './mixup.ts';
import { PixelCache } from './pixel-cache.ts';
import { Normaliser, type RgbImage } from './preprocessing.ts';

/** Images decoded concurrently; each decoder uses one of the four threads of libuv's pool. */
const DECODES = 4;

export interface MadeBatch {
  readonly pixels: Float32Array;
  readonly indices: Int32Array;
  readonly partners: Int32Array;
  readonly lambda: number;
  readonly problems: readonly ImageProblem[];
}

/**
 * Makes batches: reads images from the cache or decodes them, augments, normalises, mixes. Runs in
 * a loading thread.
 */
export class BatchMaker {
  readonly #data: LoadingThreadData;
  readonly #rule: WorkingRule;
  readonly #augmenter: Augmenter | null;
  readonly #normaliser: Normaliser;
  readonly cache: PixelCache;

  constructor(data: LoadingThreadData) {
    const { preprocessing, augmentation } = data;
    this.#data = data;
    this.#rule = workingRule(preprocessing, augmentation);
    this.#augmenter = augmentation === null ? null : new Augmenter(preprocessing, augmentation);
    this.#normaliser = new Normaliser(preprocessing);
    this.cache = new PixelCache(data.cache, data.ownSegment);
  }

  /** A pure function of its arguments, the seed and the images. */
  async make(epoch: number, batch: number, rows: Int32Array): Promise<MadeBatch> {
    const { preprocessing, augmentation, seed } = this.#data;
    const rowLength = 3 * preprocessing.imageSize ** 2;
    const pixels = new Float32Array(rows.length * rowLength);
    const indices = rows.slice();
    const problems = await this.#forEachImage(rows, (image, row) => {
      const index = rows[row]!;
      const square =
        this.#augmenter === null
          ? this.#rule.levels(image)
          : this.#augmenter.apply(image, randomStream(seed, 'augment', epoch, index));
      this.#normaliser.write(square, pixels, row * rowLength);
    });
    for (const { row } of problems) indices[row] = -1;

    let lambda = 1;
    let partners: Int32Array = Int32Array.from(rows, (_, row) => row);
    if (augmentation !== null && augmentation.mixup > 0) {
      lambda = drawBeta(augmentation.mixup, randomStream(seed, 'mixup', epoch, batch));
      partners = mixRows(pixels, indices, lambda);
    }
    return { pixels, indices, partners, lambda, problems: problems.map(withoutRow) };
  }

  async #forEachImage(
    rows: Int32Array,
    use: (image: RgbImage, row: number) => void,
  ): Promise<{ row: number; index: number; error: ImageProblem['error'] }[]> {
    const problems: { row: number; index: number; error: ImageProblem['error'] }[] = [];
    let next = 0;
    const work = async () => {
      for (let row = next++; row < rows.length; row = next++) {
        const index = rows[row]!;
        if (index === -1) continue;
        let image: RgbImage;
        try {
          image = this.cache.get(index) ?? (await this.#decode(index));
        } catch (error) {
          problems.push({ row, index, error: toErrorReport(error) });
          continue;
        }
        use(image, row);
      }
    };
    await Promise.all(Array.from({ length: DECODES }, work));
    return problems.sort((a, b) => a.row - b.row);
  }

  async #decode(index: number): Promise<RgbImage> {
    const { path, sha256 } = this.#data.images[index]!;
    const decoded = await readImage(path);
    if (sha256 !== '' && decoded.sha256 !== sha256)
      throw new KarstError('file-changed', `${path} is no longer the image that was imported.`, {
        hint: 'Put the original back, or import the dataset again.',
        path,
      });
    const image = this.#rule.apply(decoded);
    if (sha256 !== '') this.cache.put(index, sha256, image);
    return image;
  }
}

function withoutRow({ index, error }: ImageProblem): ImageProblem {
  return { index, error };
}

/**
 * One image after the evaluation transform, without a loader.
 *
 * @returns (3, S, S), normalised
 * @throws KarstError as `readImage`
 */
export async function loadForEvaluation(
  path: string,
  preprocessing: LoadingThreadData['preprocessing'],
): Promise<Float32Array> {
  const out = new Float32Array(3 * preprocessing.imageSize ** 2);
  const rule = workingRule(preprocessing, null);
  const levels = rule.levels(rule.apply(await readImage(path)));
  new Normaliser(preprocessing).write(levels, out, 0);
  return out;
}
