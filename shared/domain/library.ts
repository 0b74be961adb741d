import type { Architecture } from '../models/registry.ts';
import type { Preprocessing } from './architecture.ts';
import type { Split } from './dataset.ts';
import type { ErrorReport } from './errors.ts';
import type { Evaluation, Prediction, Verification } from './metrics.ts';
import type { FindingKind } from './problem-kinds.ts';
import type { TrainingConfig } from './training.ts';
import type { Method } from '../methods/registry.ts';

/** What the library holds. Times are ISO 8601 in UTC, sizes are bytes, ids are short and unique over all kinds. */

/** Where a value came from that a weight file does not carry itself. */
export type Provenance =
  'config.json' | 'preprocessor_config.json' | 'metadata' | 'option' | 'default';

/** A pre-trained model, referenced where it lies and never written to. */
export interface Backbone {
  readonly id: string;
  readonly name: string;
  /** Absolute path of the safetensors file. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Modification time when it was hashed, milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Data type of the weights: F32, F16 or BF16. */
  readonly dtype: 'F32' | 'F16' | 'BF16';
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
  /** timm's name of the architecture where one is known (`vit_tiny_patch16_224`). */
  readonly timmName: string | null;
  /** The number of heads cannot be read from shapes: where it came from. */
  readonly headsFrom: Provenance;
  readonly preprocessingFrom: Provenance;
  /** What stands before every tensor's name in the file (`module.`), and is taken off on reading; mostly empty. */
  readonly tensorPrefix: string;
  readonly createdAt: string;
}

/** How the files of a dataset were laid out on disk. */
export const DATASET_LAYOUTS = ['class-folders', 'split-folders', 'list-files', 'table'] as const;
export type DatasetLayout = (typeof DATASET_LAYOUTS)[number];

/** `duplicate` is usable: same bytes as another image of the dataset. The others take no part in anything. */
export const IMAGE_STATES = ['ok', 'duplicate', 'unreadable', 'missing', 'changed'] as const;
export type ImageState = (typeof IMAGE_STATES)[number];

export interface DatasetClass {
  /** Index that the images' labels and a run's head use. */
  readonly index: number;
  readonly name: string;
  /** Images per split that take part: usable and not excluded. */
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

export interface Dataset {
  readonly id: string;
  readonly name: string;
  /** Absolute path of the folder or table that was imported. */
  readonly path: string;
  readonly layout: DatasetLayout;
  readonly classes: readonly DatasetClass[];
  /** Images that take part: usable and not excluded. */
  readonly counts: Readonly<Record<Split, number>>;
  /** Usable images that the user took out; with `counts` and `unusable` these are all. */
  readonly excluded: number;
  /** Images that cannot be used, and exact duplicates among those that take part. */
  readonly unusable: number;
  readonly duplicates: number;
  readonly bytes: number;
  /** Fractions asked for; those of splits that the source itself gives are not used. */
  readonly valFraction: number;
  readonly testFraction: number;
  readonly seed: number;
  /** Splits that the source itself names; drawing anew leaves its images there unless told otherwise. */
  readonly givenSplits: readonly Split[];
  readonly createdAt: string;
}

/** One image of a dataset as the library keeps it. */
export interface DatasetImage {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Pixels after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  readonly label: number;
  readonly split: Split;
  readonly state: ImageState;
  /** Taken out of training, evaluation and counts by the user, whatever its state. */
  readonly excluded: boolean;
  readonly reason: string | null;
}

/** Something found at import or check, by file. The import goes on. */
export interface DatasetProblem {
  readonly kind: FindingKind;
  readonly path: string;
  /** A sentence. */
  readonly reason: string;
  /** Line of a list file or table, from 1. */
  readonly line?: number;
}

export const RUN_STATES = [
  'queued', // created, not started
  'running',
  'paused',
  'stopped', // ended early on request; its best adapter was kept
  'interrupted', // suspended, or its process is gone: can be resumed
  'failed',
  'done',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface Run {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly method: Method;
  /** null when a bare shape is trained. */
  readonly backboneId: string | null;
  readonly backboneName: string;
  readonly datasetId: string | null;
  readonly datasetName: string;
  readonly classes: readonly string[];
  readonly counts: Readonly<Record<Split, number>>;
  readonly config: TrainingConfig;
  /** Absolute path of the run's folder. */
  readonly folder: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Newest step and epoch that the engine reported; 0 before the first. */
  readonly step: number;
  readonly epoch: number;
  /** Of the newest checkpoint, null when there is none. */
  readonly checkpointStep: number | null;
  /** Best validation accuracy and its loss so far. */
  readonly bestTop1: number | null;
  readonly bestLoss: number | null;
  /** Blocks that were computed again in the backward pass, since memory was short; null before the first start. */
  readonly recomputedBlocks: number | null;
  readonly adapterId: string | null;
  /** Why it failed or was interrupted. */
  readonly error: ErrorReport | null;
}

export interface Adapter {
  readonly id: string;
  readonly name: string;
  /** Absolute path of its folder in the library. */
  readonly folder: string;
  readonly method: Method;
  /** null when trained from a bare shape. */
  readonly backboneId: string | null;
  readonly backboneName: string;
  readonly backboneSha256: string;
  /** null when it was imported. */
  readonly runId: string | null;
  readonly classes: readonly string[];
  readonly adapterParameters: number;
  readonly headParameters: number;
  readonly trainableParameters: number;
  readonly bytes: number;
  /** Validation accuracy and loss at the end of its run, as its configuration says. */
  readonly top1: number | null;
  readonly loss: number | null;
  readonly tags: readonly string[];
  readonly createdAt: string;
}

export interface StoredEvaluation {
  readonly id: string;
  readonly adapterId: string;
  readonly datasetId: string;
  readonly split: Split;
  readonly evaluation: Evaluation;
  readonly createdAt: string;
}

export interface StoredMerge {
  readonly id: string;
  readonly adapterId: string;
  readonly out: string;
  readonly verification: Verification;
  readonly createdAt: string;
}

/** `adapter` is the adapter's folder, `karst` the same in one file. */
export const EXPORT_FORMATS = ['adapter', 'karst', 'safetensors', 'onnx', 'savedmodel'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface StoredExport {
  readonly id: string;
  readonly adapterId: string;
  readonly format: ExportFormat;
  readonly out: string;
  /** null for the formats `adapter` and `karst`, which hold the adapter as it is. */
  readonly verification: Verification | null;
  readonly createdAt: string;
}

/** What `predict` says of one file. */
export type PredictionRow =
  | { readonly path: string; readonly predictions: readonly Prediction[] }
  | { readonly path: string; readonly error: ErrorReport };
