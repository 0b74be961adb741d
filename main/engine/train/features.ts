import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import {
  epochOrder,
  type BatchSource,
  type EpochOptions,
  type ImageBatch,
} from '../data/batch-source.ts';
import type { Session } from '../../backends/session.ts';

export interface FeatureOptions {
  readonly images: number;
  readonly width: number;
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * Class-token features (width) of all images, in memory. Yields the same batch order and problems
 * as the image loader; `pixels` are (batchSize, width).
 */
export class FeatureSource implements BatchSource {
  readonly batchesPerEpoch: number;
  readonly #options: FeatureOptions;
  readonly #features: Float32Array;
  readonly #problems: ReadonlyMap<number, ErrorReport>;

  private constructor(
    options: FeatureOptions,
    features: Float32Array,
    problems: ReadonlyMap<number, ErrorReport>,
  ) {
    this.#options = options;
    this.#features = features;
    this.#problems = problems;
    this.batchesPerEpoch = Math.ceil(options.images / options.batchSize);
  }

  /**
   * Runs the session's function `features` on all images once.
   * @param onBatch called with the number of images done so far; an exception aborts the reading
   */
  static async read(
    source: BatchSource,
    session: Session,
    options: FeatureOptions,
    onBatch: (done: number) => Promise<void>,
  ): Promise<FeatureSource> {
    const { images, width } = options;
    const features = new Float32Array(images * width);
    const problems = new Map<number, ErrorReport>();
    let done = 0;
    for await (const batch of source.epoch({ epoch: 0, shuffle: false })) {
      const { features: rows } = await session.run('features', { images: batch.pixels });
      batch.indices.forEach((index, row) => {
        if (index >= 0 && rows !== undefined)
          features.set(rows.subarray(row * width, (row + 1) * width), index * width);
      });
      for (const { index, error } of batch.problems) problems.set(index, error);
      done += batch.count + batch.problems.length;
      await onBatch(done);
    }
    return new FeatureSource(options, features, problems);
  }

  async *epoch(options: EpochOptions): AsyncGenerator<ImageBatch, void, void> {
    const { from = 0 } = options;
    const { images, batchSize, seed } = this.#options;
    const order = epochOrder(images, seed, options);
    for (let batch = from; batch < this.batchesPerEpoch; batch++) {
      yield this.#batch(order.subarray(batch * batchSize, (batch + 1) * batchSize));
    }
  }

  async close(): Promise<void> {
    // Everything is in memory.
  }

  #batch(rows: Int32Array): ImageBatch {
    const { batchSize, width } = this.#options;
    const pixels = new Float32Array(batchSize * width);
    const indices = new Int32Array(batchSize).fill(-1);
    const problems: { index: number; error: ErrorReport }[] = [];
    let count = 0;
    rows.forEach((index, row) => {
      const error = this.#problems.get(index);
      if (error !== undefined) {
        problems.push({ index, error });
        return;
      }
      indices[row] = index;
      pixels.set(this.#features.subarray(index * width, (index + 1) * width), row * width);
      count += 1;
    });
    const partners = Int32Array.from({ length: batchSize }, (_, i) => i);
    return { pixels, indices, count, partners, lambda: 1, problems };
  }
}
