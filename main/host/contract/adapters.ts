import type { FileAnswer } from '../../../shared/contract/engine/messages.ts';
import type { AdapterFilter } from '../../../shared/contract/window/adapters.ts';
import type { Split } from '../../../shared/domain/dataset.ts';
import type {
  Adapter,
  DatasetProblem,
  ExportFormat,
  PredictionRow,
  StoredEvaluation,
  StoredExport,
  StoredMerge,
} from '../../../shared/domain/library.ts';
import type { Evaluation, Verification } from '../../../shared/domain/metrics.ts';
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
  readonly stored: StoredExport;
}

export interface MergeOutcome {
  readonly out: string;
  readonly verification: Verification;
  readonly stored: StoredMerge;
}

/** Where an adapter comes from, and the others of its line: those of one run that was extended. */
export interface AdapterLineage {
  readonly adapter: Adapter;
  readonly notes: string;
  /** Counted from 1 in its line. */
  readonly version: number;
  /** The whole line, the newest first. */
  readonly versions: readonly Adapter[];
  /** null when it was imported, or when its run is not in the library any more. */
  readonly runId: string | null;
  /** The run's frozen list of files, and how many it names. */
  readonly manifest: {
    readonly path: string;
    readonly sha256: string;
    readonly images: number;
  } | null;
}

/** What was made of an adapter, the oldest first. */
export interface AdapterResults {
  readonly evaluations: readonly StoredEvaluation[];
  readonly merges: readonly StoredMerge[];
  readonly exports: readonly StoredExport[];
}

export interface PredictionTable {
  readonly out: string;
  readonly images: number;
  /** Those that have a reason in place of predictions. */
  readonly unreadable: number;
}

export interface AdapterService {
  list(): Adapter[];
  /** Those that a filter leaves; quick for tens of thousands. */
  page(filter: AdapterFilter, page: Page): AdapterPage;
  /** Every tag in use, in the order of their letters. */
  tags(): string[];
  get(nameOrId: string): Adapter;
  lineage(nameOrId: string): AdapterLineage;
  results(nameOrId: string): AdapterResults;
  /** @throws name-taken */
  rename(nameOrId: string, name: string): Adapter;
  /** Puts `text` in the place of what was noted on it. */
  note(nameOrId: string, text: string): void;
  /**
   * Copies an adapter folder, or unpacks a `.karst` file, into the library once every check passed.
   * @throws backbone-mismatch, file-damaged, format-unsupported, format-unknown, name-taken
   */
  import(path: string, options?: Watching & { name?: string }): Promise<Adapter>;
  /** To the bin. */
  remove(nameOrId: string): Promise<Adapter>;
  /** Adds tags; `remove` takes tags away. */
  tag(nameOrId: string, tags: readonly string[], options?: { remove?: boolean }): Adapter;
}

/** Adapters measured on datasets. */
export interface EvaluationService {
  /**
   * Stores what comes out, and what was said of every image.
   * @param options.split default `val`
   */
  evaluate(
    adapter: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation>;
  /** Those of an adapter, the oldest first. */
  of(adapter: string): StoredEvaluation[];
  /** Those of all adapters, the oldest first. */
  list(): StoredEvaluation[];
  get(id: string): StoredEvaluation;
  /** Images of an evaluation, the surest answers first. */
  images(
    id: string,
    filter: EvaluatedFilter,
    page: Page,
  ): { total: number; images: EvaluatedFile[] };
}

/** What adapters say of files. */
export interface PredictionService {
  /**
   * Rows come in the order of `paths`. A folder stands for the images in it.
   * @param options.out a file that does not exist yet, for the same rows as CSV
   * @param options.top default 5
   */
  ofPaths(
    adapter: string,
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
    adapter: string,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable>;
  /**
   * For a few files at a time: the engine stays ready for a while after it answered.
   * @returns one answer a path, in their order; a file that cannot be read has its reason
   */
  atOnce(
    adapter: string,
    options: { paths: readonly string[]; top: number },
  ): Promise<readonly FileAnswer[]>;
}

/** Adapters written for use outside the library. */
export interface MergingService {
  /**
   * @param options.out folder that does not exist yet; default `<home>/merged/<adapter>-<id>`
   * @param options.dataset whose images are used to verify; default those that the adapter's run held back, else
   * those of a dataset of its classes
   */
  merge(
    adapter: string,
    options?: JobWatching & { out?: string; dataset?: string; verifyImages?: number },
  ): Promise<MergeOutcome>;
  /** @throws not-available for `onnx` and `savedmodel`, name-taken */
  export(
    adapter: string,
    options: JobWatching & {
      format: ExportFormat;
      out: string;
      dataset?: string;
      verifyImages?: number;
    },
  ): Promise<ExportOutcome>;
}

export interface Restored {
  readonly id: string;
  readonly kind: BinKind;
  /** Another than its former one when that was taken meanwhile. */
  readonly name: string;
  readonly formerName: string;
}

/** Removed runs and adapters; nothing is lost before it is deleted here. */
export interface BinService {
  /** The last removed first. */
  list(): BinRow[];
  /** By id, or by its former name. @throws not-found */
  find(nameOrId: string): BinRow;
  /** Brings it back with all that it had. By id, or by its former name. */
  restore(nameOrId: string): Promise<Restored>;
  /** For good. */
  delete(nameOrId: string): Promise<BinRow>;
}
