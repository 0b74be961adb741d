import { randomStream, shuffledIndices } from '../random.ts';
import type { ImageProblem } from './messages.ts';

export interface ImageBatch {
  /** (batchSize, 3, S, S), normalised; rows without an image are 0. */
  readonly pixels: Float32Array;
  /** (batchSize) index into the loader's images; -1 for padding and images that could not be used. */
  readonly indices: Int32Array;
  /** Rows with an index of 0 or more. */
  readonly count: number;
  /** (batchSize) index of each row's mixup partner; its own index where it was not mixed. */
  readonly partners: Int32Array;
  /** Mixup weight of the row itself; its partner has the rest. 1 without mixup. */
  readonly lambda: number;
  /** Images of this batch that could not be used. */
  readonly problems: readonly ImageProblem[];
}

export interface EpochOptions {
  readonly epoch: number;
  readonly shuffle: boolean;
  /** First batch; earlier ones are skipped without decoding. */
  readonly from?: number;
}

/** A source of batches, epoch by epoch. */
export interface BatchSource {
  /** Batches of an epoch, a partial last one included. */
  readonly batchesPerEpoch: number;
  /** The batches of one epoch, in order; see `ImageLoader.epoch`. */
  epoch(options: EpochOptions): AsyncGenerator<ImageBatch, void, void>;
  close(): Promise<void>;
}

/** Images in the order of an epoch: with `shuffle` a function of (seed, epoch) alone, else as given. */
export function epochOrder(
  images: number,
  seed: number,
  { epoch, shuffle }: EpochOptions,
): Int32Array {
  return shuffle
    ? shuffledIndices(images, randomStream(seed, 'shuffle', epoch))
    : Int32Array.from({ length: images }, (_, i) => i);
}
