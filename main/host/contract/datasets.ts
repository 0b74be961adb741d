import type {
  DatasetOutlook,
  DatasetPreview,
} from '../../../shared/contract/window/dataset-source.ts';
import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import type { ClassEvent } from '../../../shared/domain/class-history.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { ImportLayout, Split, SplitDraw } from '../../../shared/domain/dataset.ts';
import type {
  Dataset,
  DatasetChanges,
  DatasetClass,
  DatasetImage,
  DatasetProblem,
} from '../../../shared/domain/library.ts';
import type { AugmentationOptions } from '../../../shared/domain/training.ts';
import type { StoredImage } from '../store/images.ts';
import type { ProblemPage } from '../store/problems.ts';
import type { Page, Watching } from './watching.ts';

/** What the user specifies where the source does not. */
export interface SourceOptions {
  readonly as?: ImportLayout | undefined;
  /** A WHATWG label. */
  readonly encoding?: string | undefined;
}

/** What `DatasetService.add` is told. */
export interface AddOptions extends Watching, SourceOptions {
  readonly name?: string;
  readonly val?: number;
  readonly test?: number;
  readonly seed?: number;
  readonly onListed?: (preview: DatasetPreview) => void;
}

export interface DatasetImport {
  readonly dataset: Dataset;
  readonly problems: readonly DatasetProblem[];
}

export interface DatasetCheck {
  readonly dataset: Dataset;
  /** Images examined. */
  readonly checked: number;
  /** All current problems, those found at import included; `isNote` tells which are only notes. */
  readonly problems: readonly DatasetProblem[];
}

/** What a re-split would do. */
export interface SplitPreview {
  /** Usable images per split afterwards. */
  readonly counts: Readonly<Record<Split, number>>;
  /** Number of images that move. */
  readonly moved: number;
}

/** One image with its place in the dataset. */
export interface GalleryEntry extends DatasetImage {
  /** From 0, without gaps; identifies the image within the dataset. */
  readonly position: number;
  /** Path below the dataset's folder, with forward slashes. */
  readonly file: string;
}

export interface AugmentationRequest {
  readonly positions: readonly number[];
  /** Its image size is the side of the previews. */
  readonly preprocessing: Preprocessing;
  readonly augmentation: AugmentationOptions;
  /** Previews per image, one for each of the first epochs. */
  readonly copies: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * The classes of datasets. A class is known by its label, which stays when it is renamed and is
 * never given to another one. All changes return the dataset as it is then.
 */
export interface ClassService {
  /** What became of the classes of a dataset, in order. */
  history(dataset: string): ClassEvent[];
  /** @throws not-found suggesting similar names */
  named(dataset: string, name: string): DatasetClass;
  /** The label of the class of that name that was merged last. @throws not-found */
  mergedNamed(dataset: string, name: string): number;
  /** A new class without images. @throws usage, name-taken */
  add(dataset: string, name: string): { label: number; dataset: Dataset };
  /** Undoes `add`, unless something came of the class: an image has it, or a run learned it. */
  takeBack(dataset: string, label: number): Dataset;
  /** @throws not-found; usage; name-taken when another class has the name */
  rename(dataset: string, label: number, name: string): Dataset;
  /** Gives the images of a class to another one, and removes it. @throws not-found, usage */
  merge(dataset: string, label: number, into: number): Dataset;
  /**
   * Undoes the merge of a class: it returns with the images that moved by it and are still in the
   * other class. @throws not-found; name-taken; usage when the other class was merged since
   */
  unmerge(dataset: string, label: number): Dataset;
  /** Keeps the images of a class out of trainings and evaluations, or takes them in again. */
  setLeftOut(dataset: string, label: number, leftOut: boolean): Dataset;
}

/** What an update or an addition would do. */
export interface PlannedGrowth {
  /** For `apply`. Only the latest plan of a dataset is kept. */
  readonly token: string;
  /** As it is now. */
  readonly dataset: Dataset;
  readonly changes: DatasetChanges;
}

export interface DatasetGrowth {
  readonly dataset: Dataset;
  /** As planned. */
  readonly changes: DatasetChanges;
  /** New images that cannot be used. */
  readonly unusable: number;
  /** All current problems. */
  readonly problems: readonly DatasetProblem[];
}

/** The class that added images belong to. */
export type TargetClass = { readonly label: number } | { readonly newClass: string };

/**
 * Datasets that grow. What is new is found and counted first; `apply` then takes it. Images that
 * the dataset has keep labels, splits and exclusions; new ones get the split that their source
 * gives, or one that is drawn so that the dataset's fractions hold.
 */
export interface GrowthService {
  /**
   * Lists the sources again and reads all files: new, changed, missing ones.
   * @param options answers about the first source, kept if the plan is applied
   * @throws dataset-unusable (see `DatasetService.question`), not-found, cancelled
   */
  planUpdate(nameOrId: string, options?: Watching & SourceOptions): Promise<PlannedGrowth>;
  /**
   * Looks at images from elsewhere; the places become further sources.
   * @param options.into the class of all of them; default: as the places themselves say, like an
   * import
   * @throws dataset-unusable, not-found, name-taken, usage, cancelled
   */
  planAddition(
    nameOrId: string,
    paths: readonly string[],
    options?: Watching & SourceOptions & { readonly into?: TargetClass },
  ): Promise<PlannedGrowth>;
  /**
   * Takes what a plan found: all or nothing.
   * @throws not-found if the dataset has changed since; cancelled
   */
  apply(token: string, watching?: Watching): Promise<DatasetGrowth>;
}

export interface DatasetService {
  /**
   * Imports a folder, list files or a table (design: class folders, split folders, VTAB lists, CSV,
   * JSON lines).
   * @param options.name default that of the folder or file, numbered if taken
   * @param options.val fraction of the training images held out for validation, default 0.2;
   * ignored when the source has its own split
   * @param options.test fraction held out for testing, default 0
   * @param options.seed of the stratified split, default 0
   * @param options.as layout of the source, if ambiguous
   * @param options.encoding of lists and tables without a byte order mark; default UTF-8
   * @param options.onListed what the import makes of the source, before any file is decoded
   * @throws not-found, dataset-unusable, name-taken, usage, cancelled
   */
  add(path: string, options: AddOptions): Promise<DatasetImport>;
  /**
   * What `add` would make of this source, or what the user has to specify first.
   * @throws as `add`
   */
  preview(path: string, options?: Watching & SourceOptions): Promise<DatasetOutlook>;
  /**
   * The name as it will be stored, if a dataset from `path` can have it.
   * @throws usage; name-taken; already-added, with what to do when it is the same source
   */
  checkNewName(name: string, path: string): string;
  list(): Dataset[];
  get(nameOrId: string): Dataset;
  /**
   * The stored images of a split (default: all), in stored order, including unusable ones (see
   * `isUsable`).
   */
  images(nameOrId: string, split?: Split): IterableIterator<StoredImage>;
  /** Paths of where its images come from; the first is what was imported. */
  sources(nameOrId: string): string[];
  /** The task, as in `shared/tasks`. */
  task(nameOrId: string): string;
  /** One image by its position; fast for datasets of any size. @throws not-found */
  image(nameOrId: string, position: number): GalleryEntry;
  /** The image with a path; null if it has none. */
  imageAt(nameOrId: string, path: string): GalleryEntry | null;
  /** A page of the images that match a filter, in stored order; `total` counts all matches. */
  gallery(
    nameOrId: string,
    filter: ImageFilter,
    page: Page,
  ): { total: number; images: GalleryEntry[] };
  /** The current problems found at import and by the latest check. */
  problems(nameOrId: string): DatasetProblem[];
  /** The same in pages: problems, then notes. */
  problemPage(nameOrId: string, page: Page): ProblemPage;
  /** Checks every file again (missing, changed, damaged) and stores the result. */
  check(nameOrId: string, options?: Watching): Promise<DatasetCheck>;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Dataset;
  /**
   * Relabels, moves to another split, excludes or restores images, all or none. Exact duplicates
   * move along to another split. Runs keep their frozen lists.
   * @param which positions, or all that match a filter
   * @returns number of images changed
   * @throws not-found for an unknown class or position
   */
  change(
    nameOrId: string,
    which: readonly number[] | ImageFilter,
    change: { readonly label?: number; readonly split?: Split; readonly excluded?: boolean },
  ): { changed: number; dataset: Dataset };
  /** What `resplit` would do. @throws usage */
  previewSplit(nameOrId: string, draw: SplitDraw): SplitPreview;
  /**
   * Re-splits by class with a seed; exact duplicates stay on one side. Images that the source
   * assigns to a split get it, unless `redrawGiven`. Nothing is stored if no image moves.
   * @throws usage
   */
  resplit(nameOrId: string, draw: SplitDraw): { moved: number; dataset: Dataset };
  /**
   * Undoes the latest re-split: the images that it moved go back where they were.
   * @throws not-found if there is none
   */
  undoSplit(nameOrId: string): { moved: number; dataset: Dataset };
  /**
   * Previews of augmented images, made by the engine's own code. A newer request for the same
   * dataset cancels a running one.
   * @returns per image the PNG files of its copies, none when it cannot be read; they stay for the
   * next few requests, at most until the studio is closed
   * @throws config-invalid, not-found, cancelled; file-damaged and the like when none of the images
   * can be read
   */
  augment(nameOrId: string, request: AugmentationRequest): Promise<readonly string[][]>;
  /** Moves it to the bin; the image files stay. Runs keep their frozen lists. */
  remove(nameOrId: string): Dataset;
}
