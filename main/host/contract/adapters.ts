import type { FileAnswer } from '../../../shared/contract/engine/messages.ts';
import type { AdapterFilter } from '../../../shared/contract/window/adapters.ts';
import type { Split } from '../../../shared/domain/dataset.ts';
import type { ExportFormat } from '../../../shared/domain/export-formats.ts';
import type { ExportNote } from '../../../shared/domain/export-words.ts';
import type { Precision } from '../../../shared/domain/export-target.ts';
import type {
  Adapter,
  DatasetProblem,
  ParentAdapter,
  PredictionRow,
  StoredEvaluation,
  StoredExport,
  StoredMerge,
  Run,
} from '../../../shared/domain/library.ts';
import type { Predictor } from '../../../shared/domain/predictor.ts';
import type { Evaluation, Prediction, Verification } from '../../../shared/domain/metrics.ts';
import type { AdapterPage } from '../store/adapters.ts';
import type { BinKind, BinRow } from '../store/bin.ts';
import type { EvaluatedFile, EvaluatedFilter } from '../store/evaluations.ts';
import type { JobWatching, Page, Watching } from './watching.ts';

export interface AdapterEvaluation {
  readonly stored: StoredEvaluation;
  readonly evaluation: Evaluation;
  /** Files that could not be read; they are not counted. */
  readonly problems: readonly DatasetProblem[];
}

export interface ExportOutcome {
  readonly out: string;
  readonly verification: Verification | null;
  readonly notes: readonly ExportNote[];
  readonly stored: StoredExport;
}

export interface MergeOutcome {
  readonly out: string;
  readonly verification: Verification;
  readonly notes: readonly ExportNote[];
  readonly stored: StoredMerge;
}

/** An adapter's origin and lineage: the adapters of one run that was extended. */
export interface AdapterLineage {
  readonly adapter: Adapter;
  readonly notes: string;
  /** Number in its lineage, from 1. */
  readonly version: number;
  /** The whole lineage, newest first. */
  readonly versions: readonly Adapter[];
  /** null when it was imported or its run is no longer in the library. */
  readonly runId: string | null;
  /** The adapter whose weights its run started from. */
  readonly parent: ParentAdapter | null;
  /** The run's frozen file list, and its length. */
  readonly manifest: {
    readonly path: string;
    readonly sha256: string;
    readonly counts: Run['counts'];
  } | null;
}

/** Merges and exports of an adapter, oldest first. */
export interface AdapterResults {
  readonly evaluations: readonly StoredEvaluation[];
  readonly merges: readonly StoredMerge[];
  readonly exports: readonly StoredExport[];
}

export interface PredictionTable {
  readonly out: string;
  readonly images: number;
  /** Rows with an error instead of predictions. */
  readonly unreadable: number;
  /** The first rows, with the likeliest class; null where there is none. */
  readonly rows: readonly TopRow[];
}

export interface TopRow {
  /** Relative to the folder, with forward slashes. */
  readonly file: string;
  readonly label: string | null;
  readonly probability: number | null;
}

export interface AdapterService {
  list(): Adapter[];
  /** Adapters that match a filter; fast for tens of thousands. */
  page(filter: AdapterFilter, page: Page): AdapterPage;
  /** Every tag in use, in alphabetical order. */
  tags(): string[];
  get(nameOrId: string): Adapter;
  lineage(nameOrId: string): AdapterLineage;
  results(nameOrId: string): AdapterResults;
  /** @throws name-taken */
  rename(nameOrId: string, name: string): Adapter;
  /**
   * Gives classes other names, all or none, without training: what it predicts, exports and merges
   * from then on has these.
   * @param names new names by the present ones
   * @throws not-found; usage; name-taken when two classes would have one name
   */
  renameClasses(nameOrId: string, names: ReadonlyMap<string, string>): Promise<Adapter>;
  /** Replaces its notes with `text`. */
  note(nameOrId: string, text: string): void;
  /**
   * Copies an adapter folder, or unpacks a `.karst` file, into the library after all checks have
   * passed.
   * @throws backbone-mismatch, file-damaged, format-unsupported, format-unknown, name-taken
   */
  import(path: string, options?: Watching & { name?: string }): Promise<Adapter>;
  /** The first other adapter with the same classes and weights; null without one. */
  twin(nameOrId: string): Promise<Adapter | null>;
  /** Moves it to the bin. */
  remove(nameOrId: string): Promise<Adapter>;
  /** Adds tags; `remove` takes tags away. */
  tag(nameOrId: string, tags: readonly string[], options?: { remove?: boolean }): Adapter;
}

/** Evaluations of adapters on datasets. */
export interface EvaluationService {
  /**
   * Evaluates an adapter and stores the metrics and the predictions of every image.
   * @param options.split default `val`
   */
  evaluate(
    adapter: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation>;
  /** Evaluations of an adapter, oldest first. */
  of(adapter: string): StoredEvaluation[];
  /** Evaluations of all adapters, oldest first. */
  list(): StoredEvaluation[];
  /** Number of evaluations of any adapter on one split of a dataset. */
  count(datasetId: string, split: Split): number;
  get(id: string): StoredEvaluation;
  /** Images of an evaluation, most confident predictions first. */
  images(
    id: string,
    filter: EvaluatedFilter,
    page: Page,
  ): { total: number; images: EvaluatedFile[] };
  /** Number of its images whose class was changed, or that were excluded, since. */
  corrected(id: string): number;
}

/** Predictions on files. A model is an adapter's name or id, or says what it is. */
export interface PredictionService {
  /** Its name, and its classes in the order of their outputs. */
  describe(model: string | Predictor): { name: string; labels: readonly string[] };
  /**
   * Rows are in the order of `paths`. A folder means the images in it.
   * @param options.out new file for the same rows as CSV
   * @param options.top default 5
   */
  ofPaths(
    model: string | Predictor,
    options: JobWatching & {
      paths: readonly string[];
      out?: string;
      top?: number;
      batchSize?: number;
    },
  ): Promise<PredictionRow[]>;
  /**
   * Writes predictions for every image in a folder, and in the folders within it, as a CSV file.
   * @param options.out file that does not exist yet
   * @param options.top default 5
   */
  ofFolder(
    model: string | Predictor,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable>;
  /**
   * For a few files at a time: the engine is kept loaded for a while.
   * @returns one answer per path, in order; an unreadable file has its reason
   */
  atOnce(
    model: string | Predictor,
    options: { paths: readonly string[]; top: number },
  ): Promise<readonly FileAnswer[]>;
  /**
   * Loads a model for `atOnce` and computes with it once, so that the first picture need not wait.
   * @throws what loading it throws
   */
  makeReady(model: string | Predictor): Promise<void>;
  /**
   * For a picture that is no file: its likeliest classes. The engine is kept loaded as for `atOnce`.
   * @throws what the picture's file would have as its reason
   */
  ofPicture(
    model: string | Predictor,
    picture: Uint8Array,
    top: number,
  ): Promise<readonly Prediction[]>;
}

/** Adapters written for use outside the library. */
export interface MergingService {
  /**
   * @param options.names whose names and configuration the folder has; default timm's
   * @param options.out folder that does not exist yet; default `<home>/merged/<adapter>-<id>`
   * @param options.dataset whose images are used to verify; default those that the adapter's run
   * held out, else those of a dataset with its classes
   */
  merge(
    adapter: string,
    options?: JobWatching & {
      names?: 'timm' | 'hf';
      out?: string;
      dataset?: string;
      verifyImages?: number;
    },
  ): Promise<MergeOutcome>;
  /**
   * @param options.precision of an ONNX file; default float32
   * @param options.acceptLoss keeps a model that predicts fewer images right than the adapter
   * @throws name-taken, accuracy-loss, verification-failed
   */
  export(
    adapter: string,
    options: JobWatching & {
      format: ExportFormat;
      precision?: Precision;
      acceptLoss?: boolean;
      out: string;
      dataset?: string;
      verifyImages?: number;
    },
  ): Promise<ExportOutcome>;
}

export interface Restored {
  readonly id: string;
  readonly kind: BinKind;
  /** A new name if the former one has been taken since. */
  readonly name: string;
  readonly formerName: string;
}

/** Removed runs, adapters and datasets; nothing is lost until it is deleted here. */
export interface BinService {
  /** Last removed first. */
  list(): BinRow[];
  /** By id, or by its former name. @throws not-found */
  find(nameOrId: string): BinRow;
  /** Restores it completely. By id, or by its former name. */
  restore(nameOrId: string): Promise<Restored>;
  /** Deletes it permanently. */
  delete(nameOrId: string): Promise<BinRow>;
}
