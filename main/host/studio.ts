import type {
  DeviceReport,
  EngineEvent,
  HostMessage,
  TrainResult,
} from '../../shared/contract/engine.ts';
import type { Settings } from '../../shared/contract/studio/system.ts';
import type { Preprocessing, VitArchitecture } from '../../shared/domain/architecture.ts';
import type { Split } from '../../shared/domain/dataset.ts';
import type {
  Adapter,
  Backbone,
  Dataset,
  DatasetImage,
  DatasetProblem,
  ExportFormat,
  PredictionRow,
  Run,
  StoredEvaluation,
  StoredExport,
  StoredMerge,
} from '../../shared/domain/library.ts';
import type { Evaluation, MetricRecord, Verification } from '../../shared/domain/metrics.ts';
import type { TrainingConfig } from '../../shared/domain/training.ts';
import type { SettingsChange } from './services/settings/settings.ts';

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
  readonly phase: 'listing' | 'checking' | 'saving' | 'hashing';
  readonly done: number;
  /** 0 while it is not known. Files, or bytes for `hashing`. */
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

export interface BackboneService {
  /**
   * Takes a timm-named ViT in safetensors into the library; the file stays where it is.
   * @param options.heads number of attention heads, when neither `config.json` nor the metadata says it
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown, name-taken
   */
  add(path: string, options?: Watching & { name?: string; heads?: number }): Promise<Backbone>;
  list(): Backbone[];
  get(nameOrId: string): Backbone;
  /** Forgets it; the file stays. @throws in-use when adapters or runs stand on it */
  remove(nameOrId: string): Backbone;
}

export interface DatasetImport {
  readonly dataset: Dataset;
  readonly problems: readonly DatasetProblem[];
}

export interface DatasetCheck {
  readonly dataset: Dataset;
  /** Images looked at. */
  readonly checked: number;
  readonly problems: readonly DatasetProblem[];
}

export interface DatasetService {
  /**
   * Imports a folder, list files or a table (design: class folders, split folders, VTAB lists, CSV, JSON lines).
   * @param options.val share of the training images held back for validation, default 0.2; ignored when the source has its own
   * @param options.test share held back for testing, default 0
   * @param options.seed of the stratified split, default 0
   * @throws not-found, dataset-unusable, name-taken, cancelled
   */
  add(
    path: string,
    options: Watching & { name: string; val?: number; test?: number; seed?: number },
  ): Promise<DatasetImport>;
  list(): Dataset[];
  get(nameOrId: string): Dataset;
  /** The stored images of a split (all when left out), in their stored order. */
  images(nameOrId: string, split?: Split): IterableIterator<DatasetImage>;
  /** One image by its place in the stored order; quick, however large the dataset. @throws not-found */
  image(datasetId: string, position: number): DatasetImage;
  /** The problems that were found at import and the latest check. */
  problems(nameOrId: string): DatasetProblem[];
  /** Looks at every file again: missing, changed, damaged; stores what it finds. */
  check(nameOrId: string, options?: Watching): Promise<DatasetCheck>;
  /** Forgets it; the images stay. Runs keep their own frozen lists. */
  remove(nameOrId: string): Dataset;
}

/** A shape without weights, for training from scratch (`initialise: 'random'`, `method: 'full'`). */
export interface BareShape {
  readonly name: string;
  readonly architecture: VitArchitecture;
  readonly preprocessing: Preprocessing;
}

export interface RunOutcome {
  /** Its state is `done` or `stopped`. */
  readonly run: Run;
  readonly adapter: Adapter;
  readonly result: TrainResult;
}

export interface RunService {
  /**
   * Checks the settings, freezes the file list and writes `config.json` and `manifest.jsonl` of a new run.
   * @throws config-invalid, dataset-unusable, not-found, name-taken
   */
  create(options: {
    backbone: string | BareShape;
    dataset: string;
    name?: string;
    config: TrainingConfig;
  }): Promise<Run>;
  /**
   * Trains. Aborting the signal suspends the run (checkpoint written, state `interrupted`) and rejects with
   * `cancelled`; an engine that does not answer within the grace period is killed.
   * @param options.resume continue from the newest checkpoint that verifies (a `queued` run just starts)
   * @param options.onControl receives the handle for pause, resume and stop once the engine runs
   * @throws run-state, file-changed, engine-crashed, out-of-memory, diverged, cancelled and what the engine reports
   */
  execute(
    nameOrId: string,
    options: JobWatching & { resume: boolean; onControl?: (control: RunControl) => void },
  ): Promise<RunOutcome>;
  list(): Run[];
  get(nameOrId: string): Run;
  metrics(nameOrId: string): MetricRecord[];
  /**
   * Asks the process that executes the run, this one or another, to end it and keep its best adapter.
   * @throws run-state when nobody executes it
   */
  requestStop(nameOrId: string): Run;
  /** Moves the run's folder to the home's `bin`. @throws run-state while it is executed */
  remove(nameOrId: string): Promise<Run>;
}

export interface RunControl {
  pause(): void;
  resume(): void;
  /** Ends the run at the next step and keeps the best adapter. */
  stop(): void;
}

export interface AdapterEvaluation {
  readonly stored: StoredEvaluation;
  readonly evaluation: Evaluation;
  /** Files that could not be read; they are not counted. */
  readonly problems: readonly DatasetProblem[];
}

export interface ExportOutcome {
  readonly out: string;
  readonly verification: Verification | null;
  readonly stored: StoredExport;
}

export interface AdapterService {
  list(): Adapter[];
  get(nameOrId: string): Adapter;
  /**
   * Copies an adapter folder into the library once every check passed.
   * @throws backbone-mismatch, file-damaged, format-unsupported, format-unknown, name-taken
   */
  import(path: string, options?: Watching & { name?: string }): Promise<Adapter>;
  /** Moves its folder to the home's `bin`. */
  remove(nameOrId: string): Promise<Adapter>;
  /** Adds tags; `remove` takes tags away. */
  tag(nameOrId: string, tags: readonly string[], options?: { remove?: boolean }): Adapter;
  /** @param options.split default `val` */
  evaluate(
    nameOrId: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation>;
  evaluations(nameOrId: string): StoredEvaluation[];
  /**
   * Rows come in the order of `paths`. A folder stands for the images in it.
   * @param options.top default 5
   */
  predict(
    nameOrId: string,
    options: JobWatching & { paths: readonly string[]; top?: number; batchSize?: number },
  ): Promise<PredictionRow[]>;
  /**
   * @param options.out folder that does not exist yet; default `<home>/merged/<adapter>-<id>`
   * @param options.dataset whose validation images are used to verify; default that of the adapter's run
   */
  merge(
    nameOrId: string,
    options?: JobWatching & { out?: string; dataset?: string; verifyImages?: number },
  ): Promise<{ out: string; verification: Verification; stored: StoredMerge }>;
  /** @throws not-available for `onnx` and `savedmodel` */
  export(
    nameOrId: string,
    options: JobWatching & {
      format: ExportFormat;
      out: string;
      dataset?: string;
      verifyImages?: number;
    },
  ): Promise<ExportOutcome>;
}

export interface StudioOptions {
  readonly home: string;
  readonly spawn: EngineSpawner;
  /** Folder of the starter backbone; default `main/assets/starter`. null: none is registered. */
  readonly starter?: string | null;
  /** Milliseconds an engine gets to suspend before it is killed; default 30,000. */
  readonly graceMs?: number;
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
  readonly settings: SettingsService;
  readonly backbones: BackboneService;
  readonly datasets: DatasetService;
  readonly runs: RunService;
  readonly adapters: AdapterService;
  /** Runs found interrupted when the studio was opened. */
  readonly interrupted: readonly Run[];
  /** Things worth telling that happened while opening (integrity checked after an unclean stop, a migration). */
  readonly notices: readonly string[];
  /** Starts an engine that says what it runs on. @throws engine-unavailable, engine-crashed */
  probe(options?: JobWatching): Promise<DeviceReport>;
  /** Ends running jobs (suspends runs) and closes the library. */
  close(): Promise<void>;
}

export { openStudio } from './open-studio.ts';
export { studioHome } from './home.ts';
