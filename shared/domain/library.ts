import * as v from 'valibot';
import { METHOD_NAMES } from '../methods/registry.ts';
import { architectureSchema } from '../models/registry.ts';
import { looseTrainingSchema } from '../training/config.ts';
import { SPLITS, type Split } from './dataset.ts';
import { errorReportSchema, type ErrorReport } from './error-report.ts';
import { immutable, type Immutable } from './immutable.ts';
import { evaluationSchema, verificationSchema, type Prediction } from './metrics.ts';
import { preprocessingSchema } from './preprocessing.ts';
import { FINDING_KINDS } from './problem-kinds.ts';
import { countSchema, finiteSchema, idSchema, integerSchema } from './scalars.ts';

/** What the library holds. Times are ISO 8601 in UTC, sizes are bytes, ids are short and unique over all kinds. */

export const methodSchema = v.picklist(METHOD_NAMES);
export const splitSchema = v.picklist(SPLITS);

/** Where a value came from that a weight file does not carry itself. */
const provenanceSchema = v.picklist([
  'config.json',
  'preprocessor_config.json',
  'metadata',
  'option',
  'default',
]);
export type Provenance = v.InferOutput<typeof provenanceSchema>;

/** A pre-trained model, referenced where it lies and never written to. */
export const backboneSchema = immutable(
  v.object({
    id: idSchema,
    name: v.string(),
    /** Absolute path of the safetensors file. */
    path: v.string(),
    sha256: v.string(),
    bytes: countSchema,
    /** Modification time when it was hashed, milliseconds since 1970. */
    modifiedMs: finiteSchema,
    /** Data type of the weights. */
    dtype: v.picklist(['F32', 'F16', 'BF16']),
    architecture: architectureSchema,
    preprocessing: preprocessingSchema,
    /** timm's name of the architecture where one is known (`vit_tiny_patch16_224`). */
    timmName: v.nullable(v.string()),
    /** The number of heads cannot be read from shapes: where it came from. */
    headsFrom: provenanceSchema,
    preprocessingFrom: provenanceSchema,
    /** What stands before every tensor's name in the file (`module.`), and is taken off on reading; mostly empty. */
    tensorPrefix: v.string(),
    createdAt: v.string(),
  }),
);
export type Backbone = v.InferOutput<typeof backboneSchema>;

/** How the files of a dataset were laid out on disk. */
export const DATASET_LAYOUTS = ['class-folders', 'split-folders', 'list-files', 'table'] as const;
export type DatasetLayout = (typeof DATASET_LAYOUTS)[number];

/** `duplicate` is usable: same bytes as another image of the dataset. The others take no part in anything. */
export const IMAGE_STATES = ['ok', 'duplicate', 'unreadable', 'missing', 'changed'] as const;
export const imageStateSchema = v.picklist(IMAGE_STATES);
export type ImageState = v.InferOutput<typeof imageStateSchema>;

/** Images per split that take part: usable and not excluded. */
const perSplit = { train: countSchema, val: countSchema, test: countSchema };

const datasetClass = v.object({
  /** Index that the images' labels and a run's head use. */
  index: countSchema,
  name: v.string(),
  ...perSplit,
});
export type DatasetClass = Immutable<v.InferOutput<typeof datasetClass>>;

export const datasetSchema = immutable(
  v.object({
    id: idSchema,
    name: v.string(),
    /** Absolute path of the folder or table that was imported. */
    path: v.string(),
    layout: v.picklist(DATASET_LAYOUTS),
    classes: v.array(datasetClass),
    counts: v.object(perSplit),
    /** Usable images that the user took out; with `counts` and `unusable` these are all. */
    excluded: countSchema,
    /** Images that cannot be used, and exact duplicates among those that take part. */
    unusable: countSchema,
    duplicates: countSchema,
    bytes: countSchema,
    /** Fractions asked for; those of splits that the source itself gives are not used. */
    valFraction: finiteSchema,
    testFraction: finiteSchema,
    seed: integerSchema,
    /** Splits that the source itself names; drawing anew leaves its images there unless told otherwise. */
    givenSplits: v.array(splitSchema),
    createdAt: v.string(),
  }),
);
export type Dataset = v.InferOutput<typeof datasetSchema>;

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
export const datasetProblemSchema = immutable(
  v.object({
    kind: v.picklist(FINDING_KINDS),
    path: v.string(),
    /** A sentence. */
    reason: v.string(),
    /** Line of a list file or table, from 1. */
    line: v.exactOptional(countSchema),
  }),
);
export type DatasetProblem = v.InferOutput<typeof datasetProblemSchema>;

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

/** What a run has in the library; on its way to a window it has more. */
export const runEntries = {
  id: idSchema,
  name: v.string(),
  state: v.picklist(RUN_STATES),
  method: methodSchema,
  /** null when a bare shape is trained. */
  backboneId: v.nullable(idSchema),
  backboneName: v.string(),
  datasetId: v.nullable(idSchema),
  datasetName: v.string(),
  classes: v.array(v.string()),
  counts: v.object(perSplit),
  config: looseTrainingSchema,
  /** Absolute path of the run's folder. */
  folder: v.string(),
  createdAt: v.string(),
  startedAt: v.nullable(v.string()),
  endedAt: v.nullable(v.string()),
  /** Newest step and epoch that the engine reported; 0 before the first. */
  step: countSchema,
  epoch: finiteSchema,
  /** Of the newest checkpoint, null when there is none. */
  checkpointStep: v.nullable(countSchema),
  /** Best validation accuracy and its loss so far. */
  bestTop1: v.nullable(finiteSchema),
  bestLoss: v.nullable(finiteSchema),
  /** Blocks that were computed again in the backward pass, since memory was short; null before the first start. */
  checkpointedBlocks: v.nullable(countSchema),
  adapterId: v.nullable(idSchema),
  /** Why it failed or was interrupted. */
  error: v.nullable(errorReportSchema),
};
export type Run = Immutable<v.InferOutput<v.ObjectSchema<typeof runEntries, undefined>>>;

export const adapterSchema = immutable(
  v.object({
    id: idSchema,
    name: v.string(),
    /** Absolute path of its folder in the library. */
    folder: v.string(),
    method: methodSchema,
    /** null when trained from a bare shape. */
    backboneId: v.nullable(idSchema),
    backboneName: v.string(),
    backboneSha256: v.string(),
    /** null when it was imported. */
    runId: v.nullable(idSchema),
    classes: v.array(v.string()),
    adapterParameters: countSchema,
    headParameters: countSchema,
    trainableParameters: countSchema,
    bytes: countSchema,
    /** Validation accuracy and loss at the end of its run, as its configuration says. */
    top1: v.nullable(finiteSchema),
    loss: v.nullable(finiteSchema),
    tags: v.array(v.string()),
    createdAt: v.string(),
  }),
);
export type Adapter = v.InferOutput<typeof adapterSchema>;

export const storedEvaluationSchema = immutable(
  v.object({
    id: idSchema,
    adapterId: idSchema,
    datasetId: idSchema,
    split: splitSchema,
    evaluation: evaluationSchema,
    createdAt: v.string(),
  }),
);
export type StoredEvaluation = v.InferOutput<typeof storedEvaluationSchema>;

export const storedMergeSchema = immutable(
  v.object({
    id: idSchema,
    adapterId: idSchema,
    out: v.string(),
    verification: verificationSchema,
    createdAt: v.string(),
  }),
);
export type StoredMerge = v.InferOutput<typeof storedMergeSchema>;

/** `adapter` is the adapter's folder, `karst` the same in one file. */
const EXPORT_FORMATS = ['adapter', 'karst', 'safetensors', 'onnx', 'savedmodel'] as const;
export const exportFormatSchema = v.picklist(EXPORT_FORMATS);
export type ExportFormat = v.InferOutput<typeof exportFormatSchema>;

export const storedExportSchema = immutable(
  v.object({
    id: idSchema,
    adapterId: idSchema,
    format: exportFormatSchema,
    out: v.string(),
    /** null for the formats `adapter` and `karst`, which hold the adapter as it is. */
    verification: v.nullable(verificationSchema),
    createdAt: v.string(),
  }),
);
export type StoredExport = v.InferOutput<typeof storedExportSchema>;

/** What `predict` says of one file. */
export type PredictionRow =
  | { readonly path: string; readonly predictions: readonly Prediction[] }
  | { readonly path: string; readonly error: ErrorReport };
