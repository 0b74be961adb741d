import type { DeviceReport, EngineEvent, HostMessage } from '../../shared/contract/engine.ts';
import type { Settings } from '../../shared/contract/studio/system.ts';
import type { DatasetQuestion, ImageFilter } from '../../shared/contract/studio/datasets.ts';
import type { Project } from '../../shared/contract/studio/projects.ts';
import type { Preprocessing } from '../../shared/domain/architecture.ts';
import type { ImportLayout, Split } from '../../shared/domain/dataset.ts';
import type {
  Backbone,
  Dataset,
  DatasetImage,
  DatasetProblem,
  Run,
} from '../../shared/domain/library.ts';
import type { AugmentationOptions } from '../../shared/domain/training.ts';
import type { AdapterService, BinService } from './services/adapters/adapter-service.ts';
import type { PlanService, RunService } from './services/runs/run-service.ts';
import type { SettingsChange } from './services/settings/settings.ts';
import type { ProblemPage } from './store/problems.ts';

export type {
  AdapterEvaluation,
  AdapterLineage,
  AdapterResults,
  AdapterService,
  BinService,
  ExportOutcome,
  MergeOutcome,
  PredictionTable,
  Restored,
} from './services/adapters/adapter-service.ts';
export type {
  BareShape,
  ExecuteOptions,
  NewRunOptions,
  PlanRequest,
  PlanService,
  RunControl,
  RunDetail,
  RunOutcome,
  RunService,
} from './services/runs/run-service.ts';

/**
 * The host as its users (command line, Electron, `serve`) see it. Every function rejects with `KarstError`
 * alone. `nameOrId` is an id, or a name that is unique within its kind; a near miss is suggested.
 */

/** One engine process: it does one job and ends. */
export interface EngineHandle {
  send(message: HostMessage): void;
  /** Called with every message, unchecked. */
  onEvent(listener: (raw: unknown) => void): void;
  /** Called once, after the last message. `stderrTail` holds the last lines of its error output. */
  onExit(listener: (exit: EngineExit) => void): void;
  /** Ends it at once (SIGKILL). */
  kill(): void;
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderrTail: string;
}

/** `logFile`: its standard output and error are appended there; null keeps only the tail of the errors. */
export type EngineSpawner = (options: {
  env: Record<string, string>;
  logFile: string | null;
}) => EngineHandle;

export interface Progress {
  /** A sentence fragment: "hashing model.safetensors". */
  readonly phase: 'listing' | 'checking' | 'saving' | 'hashing' | 'packing' | 'unpacking';
  readonly done: number;
  /** 0 while it is not known. Files, or bytes for `hashing`, `packing` and `unpacking`. */
  readonly total: number;
}
export type ProgressListener = (progress: Progress) => void;

/** Given to everything that takes long. */
export interface Watching {
  readonly onProgress?: ProgressListener;
  /** Aborting leaves nothing half done and rejects with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** Given to everything that starts an engine. */
export interface JobWatching extends Watching {
  /** Every checked event of the engine. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** What of a project can be changed; keys left out stay as they are. */
export interface ProjectChanges {
  readonly name?: string;
  readonly notes?: string;
  readonly archived?: boolean;
  /** Name or id; null takes it away. */
  readonly backboneId?: string | null;
}

/** Projects gather datasets (each may be in several), a backbone to start from, runs and notes. */
export interface ProjectService {
  /** Archived ones too, the last changed first. */
  list(): Project[];
  get(nameOrId: string): Project;
  /** @throws name-taken, usage */
  create(name: string): Project;
  /** @throws name-taken, usage, not-found */
  update(nameOrId: string, changes: ProjectChanges): Project;
  /** A new project with the same datasets, backbone and notes; runs stay with the first. @throws name-taken, usage */
  duplicate(nameOrId: string, name: string): Project;
  /** Does nothing when it is there already. */
  attachDataset(nameOrId: string, dataset: string): Project;
  /** The dataset itself stays. Does nothing when it is not there. */
  detachDataset(nameOrId: string, dataset: string): Project;
}

export interface BackboneService {
  /**
   * Takes a timm-named ViT in safetensors into the library; the file stays where it is.
   * @param options.heads number of attention heads, when neither `config.json` nor the metadata says it
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown, name-taken
   */
  add(path: string, options?: Watching & { name?: string; heads?: number }): Promise<Backbone>;
  /** @throws usage, name-taken */
  checkNewName(name: string): string;
  list(): Backbone[];
  get(nameOrId: string): Backbone;
  /** Whether it is the one that comes with the studio. */
  isStarter(backbone: Backbone): boolean;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Backbone;
  /** Forgets it; the file stays. @throws in-use when adapters or runs stand on it */
  remove(nameOrId: string): Backbone;
}

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

/** Part of a long list. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
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
      SourceOptions & { name: string; val?: number; test?: number; seed?: number },
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
  images(nameOrId: string, split?: Split): IterableIterator<DatasetImage>;
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

export interface StudioOptions {
  readonly home: string;
  readonly spawn: EngineSpawner;
  /** Folder of the starter backbone; default `main/assets/starter`. null: none is registered. */
  readonly starter?: string | null;
  /** Milliseconds an engine gets to suspend before it is killed; default 30,000. */
  readonly graceMs?: number;
  /** Milliseconds that an engine which answers questions stays ready after the last one; default 60,000. */
  readonly warmMs?: number;
  /** Nothing is written into the home, as where nothing can be; default: what the file system says. */
  readonly readOnly?: boolean;
}

/** What a person set for this home; engines keep to threads and device from their next start on. */
export interface SettingsService {
  get(): Settings;
  /** What is left out, or undefined, stays as it is. Returns all of them. */
  update(change: SettingsChange): Settings;
}

export interface Studio {
  /** Absolute path of the studio's data. */
  readonly home: string;
  /** Everything can be looked at and predicted with; every change is refused with `not-writable`. */
  readonly readOnly: boolean;
  readonly settings: SettingsService;
  readonly projects: ProjectService;
  readonly backbones: BackboneService;
  readonly datasets: DatasetService;
  readonly runs: RunService;
  readonly plans: PlanService;
  readonly adapters: AdapterService;
  readonly bin: BinService;
  /** Runs found interrupted when the studio was opened. */
  readonly interrupted: readonly Run[];
  /** Things worth telling that happened while opening (integrity checked after an unclean stop, a migration). */
  readonly notices: readonly string[];
  /** Starts an engine that says what it runs on. @throws engine-unavailable, engine-crashed */
  probe(options?: JobWatching): Promise<DeviceReport>;
  /** Ends running jobs (suspends runs) and closes the library. */
  close(): Promise<void>;
}
