export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Parameters of a re-split. */
export interface SplitDraw {
  /** Fractions of the usable images, where the source has no such split. */
  readonly val: number;
  readonly test: number;
  readonly seed: number;
  /** Also re-splits the images that the source assigned; default false. */
  readonly redrawGiven?: boolean;
}

/** The re-split that gives every image the split that the source assigned. */
export function sourceSplit(dataset: {
  readonly valFraction: number;
  readonly testFraction: number;
  readonly seed: number;
}): SplitDraw {
  return { val: dataset.valFraction, test: dataset.testFraction, seed: dataset.seed };
}

/**
 * Layouts of folders: in `inner-folders` the folders that contain images are the classes, whatever
 * is above them.
 */
export const FOLDER_LAYOUTS = ['class-folders', 'split-folders', 'inner-folders'] as const;
export type FolderLayout = (typeof FOLDER_LAYOUTS)[number];
/** Layouts that a user can choose for an import. */
export const IMPORT_LAYOUTS = [...FOLDER_LAYOUTS, 'list-files', 'table'] as const;
export type ImportLayout = (typeof IMPORT_LAYOUTS)[number];

/** One line of a run's frozen `manifest.jsonl`. */
export interface ManifestImage {
  /** Absolute path of the source image, which is never written to. */
  readonly path: string;
  readonly sha256: string;
  /** Size in pixels after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Indices into the run's class list, ascending; one for single-label classification. */
  readonly labels: readonly number[];
  readonly split: Split;
}
