import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { AugmentationOptions } from '../../../shared/domain/training.ts';
import type { CachePlan } from './pixel-cache.ts';

export interface ImageSource {
  readonly path: string;
  /**
   * Of the content, in lower-case hexadecimal; empty if unknown, which disables checking and
   * caching.
   */
  readonly sha256: string;
}

/** An image that could not be used, by its index in the loader's list. */
export interface ImageProblem {
  readonly index: number;
  readonly error: ErrorReport;
}

/** Start data of a loading thread. */
export interface LoadingThreadData {
  readonly images: readonly ImageSource[];
  readonly preprocessing: Preprocessing;
  readonly augmentation: AugmentationOptions | null;
  readonly seed: number;
  readonly cache: CachePlan;
  /** Number of the segment that the thread may append to; null without a cache folder. */
  readonly ownSegment: number | null;
}

/** Loader to thread. */
export type LoadRequest =
  | {
      readonly type: 'batch';
      readonly ticket: number;
      readonly epoch: number;
      readonly batch: number;
      /** Image per row, -1 for padding. */
      readonly rows: Int32Array;
    }
  /** Cancels the requests that have not started. */
  | { readonly type: 'cancel' }
  | { readonly type: 'close' };

/** Thread to loader. */
export type LoadReply =
  | {
      readonly type: 'batch';
      readonly ticket: number;
      readonly pixels: Float32Array;
      readonly indices: Int32Array;
      readonly partners: Int32Array;
      readonly lambda: number;
      readonly problems: readonly ImageProblem[];
      readonly cacheFault: ErrorReport | null;
    }
  | { readonly type: 'failed'; readonly ticket: number; readonly error: ErrorReport };
