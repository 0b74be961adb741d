export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** One line of a run's frozen `manifest.jsonl`. */
export interface ManifestImage {
  /** Absolute path of the source image, which is never written to. */
  readonly path: string;
  readonly sha256: string;
  /** Size in pixels after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Index into the run's class list. */
  readonly label: number;
  readonly split: Split;
}
