export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

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
