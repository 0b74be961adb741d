import type { DatasetQuestion, ImageFilter } from '../../../shared/contract/window/datasets.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { ImportLayout, Split } from '../../../shared/domain/dataset.ts';
import type { Dataset, DatasetImage, DatasetProblem } from '../../../shared/domain/library.ts';
import type { AugmentationOptions } from '../../../shared/domain/training.ts';
import type { StoredImage } from '../store/images.ts';
import type { ProblemPage } from '../store/problems.ts';
import type { Page, Watching } from './watching.ts';

/** What the user says of a source that does not say it itself. */
export interface SourceOptions {
  readonly as?: ImportLayout | undefined;
  /** A WHATWG label. */
  readonly encoding?: string | undefined;
}

export interface DatasetImport {
  readonly dataset: Dataset;
  readonly problems: readonly DatasetProblem[];
}

export interface DatasetCheck {
  readonly dataset: Dataset;
  /** Images looked at. */
  readonly checked: number;
  /** All that hold now, those found at import too; `isNote` tells which are only told. */
  readonly problems: readonly DatasetProblem[];
}

/** One image with its place in the dataset. */
export interface GalleryEntry extends DatasetImage {
  /** From 0, without gaps; names the image within the dataset. */
  readonly position: number;
  /** Path below the dataset's folder, with forward slashes. */
  readonly file: string;
}

export interface AugmentationRequest {
  readonly positions: readonly number[];
  /** Its image size is the side of the pictures. */
  readonly preprocessing: Preprocessing;
  readonly augmentation: AugmentationOptions;
  /** Pictures of each image: its first epochs, as it were. */
  readonly copies: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface DatasetService {
  /**
   * Imports a folder, list files or a table (design: class folders, split folders, VTAB lists, CSV, JSON lines).
   * @param options.name left out: that of the folder or file, with a number where it is taken
   * @param options.val share of the training images held back for validation, default 0.2; ignored when the source has its own
   * @param options.test share held back for testing, default 0
   * @param options.seed of the stratified split, default 0
   * @param options.as how the source is laid out, where it can be understood in more than one way
   * @param options.encoding of lists and tables without a byte order mark; left out: UTF-8
   * @throws not-found, dataset-unusable, name-taken, usage, cancelled
   */
  add(
    path: string,
    options: Watching &
      SourceOptions & { name?: string; val?: number; test?: number; seed?: number },
  ): Promise<DatasetImport>;
  /**
   * What has to be said before `add` can take this source; null when nothing. @throws as `add`
   */
  question(path: string, options?: SourceOptions): Promise<DatasetQuestion | null>;
  /**
   * The name as it will be stored, when a dataset from `path` can have it.
   * @throws usage; name-taken, with what to do when it is the same source
   */
  checkNewName(name: string, path: string): string;
  list(): Dataset[];
  get(nameOrId: string): Dataset;
  /**
   * The stored images of a split (all when left out), in their stored order; those that take no part are among
   * them (`isUsable` tells).
   */
  images(nameOrId: string, split?: Split): IterableIterator<StoredImage>;
  /** What it is for, as in `shared/tasks`. */
  task(nameOrId: string): string;
  /** One image by its place in the stored order; quick, however large the dataset. @throws not-found */
  image(nameOrId: string, position: number): GalleryEntry;
  /** A page of what a filter leaves, in stored order; `total` counts all of that. */
  gallery(
    nameOrId: string,
    filter: ImageFilter,
    page: Page,
  ): { total: number; images: GalleryEntry[] };
  /** The problems that were found at import and the latest check, as far as they still hold. */
  problems(nameOrId: string): DatasetProblem[];
  /** The same in pages: problems, then notes. */
  problemPage(nameOrId: string, page: Page): ProblemPage;
  /** Looks at every file again: missing, changed, damaged; stores what it finds. */
  check(nameOrId: string, options?: Watching): Promise<DatasetCheck>;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Dataset;
  /**
   * Relabels, moves to a split, excludes or takes back images, all of them or none. Exact duplicates go along to
   * another split. Runs keep their own frozen lists.
   * @param which positions, or all that a filter leaves
   * @returns number of images that became other
   * @throws not-found for a class or a position that there is not
   */
  change(
    nameOrId: string,
    which: readonly number[] | ImageFilter,
    change: { readonly label?: number; readonly split?: Split; readonly excluded?: boolean },
  ): { changed: number; dataset: Dataset };
  /**
   * Draws the split anew, stratified by class, with a seed; exact duplicates stay on one side. Images that the
   * source itself puts into a split stay as at import.
   * @param options.redrawGiven draws these, too
   * @throws usage
   */
  resplit(
    nameOrId: string,
    options: {
      readonly val: number;
      readonly test: number;
      readonly seed: number;
      readonly redrawGiven?: boolean;
    },
  ): Dataset;
  /**
   * What augmentation makes of some images, by the engine's own code. A newer request about the same dataset ends
   * one that is under way.
   * @returns per image the PNG files of its copies, none when it cannot be read; they stay for the next few
   * requests, at most until the studio is closed
   * @throws config-invalid, not-found, cancelled; file-damaged and the like when none of the images can be read
   */
  augment(nameOrId: string, request: AugmentationRequest): Promise<readonly string[][]>;
  /** Forgets it; the images stay. Runs keep their own frozen lists. */
  remove(nameOrId: string): Dataset;
}
