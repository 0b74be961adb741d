import * as v from 'valibot';
import { METHOD_NAMES } from '../methods/registry.ts';
import { architectureSchema } from '../models/registry.ts';
import { looseTrainingSchema } from '../training/config.ts';
import {
  assumedSchema,
  backboneFileSchema,
  CONTAINER_FORMATS,
  DTYPES,
  provenanceSchema,
  SOURCE_KINDS,
} from './backbone.ts';
import { EXPORT_FORMATS } from './export-formats.ts';
import { classNoteSchema } from './class-history.ts';
import { SPLITS, type Split } from './dataset.ts';
import { errorReportSchema, type ErrorReport } from './error-report.ts';
import { immutable, type Immutable } from './immutable.ts';
import { evaluationSchema, verificationSchema, type Prediction } from './metrics.ts';
import { positionRuleSchema } from './position-rule.ts';
import { preprocessingSchema } from './preprocessing.ts';
import { FINDING_KINDS } from './problem-kinds.ts';
import { countSchema, finiteSchema, idSchema, integerSchema } from './scalars.ts';

/**
 * The entries of the library. Times are ISO 8601 in UTC, sizes are bytes, ids are short and unique
 * over all kinds.
 */

export const methodSchema = v.picklist(METHOD_NAMES);
export const splitSchema = v.picklist(SPLITS);

/** What files of weights are, and those beside them. */
const weights = {
  /** Absolute path of the file, or of the index when there are several. */
  path: v.string(),
  /** Of all files. */
  bytes: countSchema,
  container: v.picklist(CONTAINER_FORMATS),
  /** Whose names the tensors have. */
  source: v.picklist(SOURCE_KINDS),
  /** Data type of the weights. */
  dtype: v.picklist(DTYPES),
  architecture: architectureSchema,
  preprocessing: preprocessingSchema,
  /** timm's name of the architecture if known (`vit_tiny_patch16_224`). */
  timmName: v.nullable(v.string()),
  /** Source of the number of heads, which shapes do not determine. */
  headsFrom: provenanceSchema,
  preprocessingFrom: provenanceSchema,
  /** What the weights do not tell, with who says it. */
  assumed: v.array(assumedSchema),
  /** How position embeddings are resampled to another size. */
  positionRule: positionRuleSchema,
  /** Class names of its own head in the order of its outputs; null where nothing says them. */
  labels: v.nullable(v.array(v.string())),
  licence: v.nullable(v.string()),
  /** Prefix of every tensor's name in the file (`module.`), removed on reading; usually empty. */
  tensorPrefix: v.string(),
};

/** What would be added; `files` is how many. */
export const backbonePreviewSchema = immutable(v.object({ ...weights, files: countSchema }));
export type BackbonePreview = v.InferOutput<typeof backbonePreviewSchema>;

/** A pre-trained model, referenced in place and never modified. */
export const backboneSchema = immutable(
  v.object({
    id: idSchema,
    name: v.string(),
    ...weights,
    /** Of its file; of several files that of their sorted hashes, one a line. */
    sha256: v.string(),
    /** Modification time of `path` when it was hashed, milliseconds since 1970. */
    modifiedMs: finiteSchema,
    /** All its files, `path` first. */
    files: v.array(backboneFileSchema),
    /** Commit on the hub it was downloaded from. */
    revision: v.nullable(v.string()),
    createdAt: v.string(),
  }),
);
export type Backbone = v.InferOutput<typeof backboneSchema>;

/** Layout of a dataset's files on disk. */
export const DATASET_LAYOUTS = ['class-folders', 'split-folders', 'list-files', 'table'] as const;
export type DatasetLayout = (typeof DATASET_LAYOUTS)[number];

/** `duplicate` is usable: same bytes as another image of the dataset. The others are unused. */
export const IMAGE_STATES = ['ok', 'duplicate', 'unreadable', 'missing', 'changed'] as const;
export const imageStateSchema = v.picklist(IMAGE_STATES);
export type ImageState = v.InferOutput<typeof imageStateSchema>;

/** Images per split that are usable and not excluded. */
export const perSplit = { train: countSchema, val: countSchema, test: countSchema };

const datasetClass = v.object({
  /** Its id: the images' label. It stays when the class is renamed; other labels may be missing. */
  index: countSchema,
  name: v.string(),
  ...perSplit,
  /** Usable images excluded by the user; all of them when the class is left out. */
  excluded: countSchema,
  /** Its images are in no training or evaluation. */
  leftOut: v.boolean(),
});
export type DatasetClass = Immutable<v.InferOutput<typeof datasetClass>>;

export const datasetSchema = immutable(
  v.object({
    id: idSchema,
    name: v.string(),
    /** Absolute path of the imported folder or table. */
    path: v.string(),
    layout: v.picklist(DATASET_LAYOUTS),
    classes: v.array(datasetClass),
    counts: v.object(perSplit),
    /** Usable images excluded by the user; with `counts` and `unusable` these are all images. */
    excluded: countSchema,
    /** Unusable images, and exact duplicates among the used ones. */
    unusable: countSchema,
    duplicates: countSchema,
    bytes: countSchema,
    /** Requested fractions; ignored for splits given by the source. */
    valFraction: finiteSchema,
    testFraction: finiteSchema,
    seed: integerSchema,
    /** Splits given by the source; by default a re-split keeps their images. */
    givenSplits: v.array(splitSchema),
    /** Whether the latest re-split can be undone. */
    hasFormerSplit: v.boolean(),
    createdAt: v.string(),
  }),
);
export type Dataset = v.InferOutput<typeof datasetSchema>;

/** What an update or an addition does to a dataset, as numbers of images. */
export const datasetChangesSchema = immutable(
  v.object({
    added: countSchema,
    /** Those that are added, by class; `isNew`: the dataset has no such class yet. */
    classes: v.array(v.object({ name: v.string(), images: countSchema, isNew: v.boolean() })),
    /** With another content. */
    changed: countSchema,
    /** Not there, and not readable, since this time. */
    missing: countSchema,
    unreadable: countSchema,
    /** Usable again. */
    back: countSchema,
    /** Of an addition: already in the dataset. */
    known: countSchema,
    /** Of an update: no longer named by a source, though the file is there; they stay. */
    unlisted: countSchema,
  }),
);
export type DatasetChanges = v.InferOutput<typeof datasetChangesSchema>;

/** One image of a dataset in the library. */
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
  /** Excluded from training, evaluation and counts by the user, in any state. */
  readonly excluded: boolean;
  readonly reason: string | null;
}

/** A finding of an import or a check about a file. The import continues. */
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
  'interrupted', // suspended, or its process has gone: can be resumed
  'failed',
  'done',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** A run in the library; a window gets more. */
export const runEntries = {
  id: idSchema,
  name: v.string(),
  state: v.picklist(RUN_STATES),
  method: methodSchema,
  /** Name of what is learnt, as in `shared/tasks`. */
  task: v.string(),
  /** null for a randomly initialised architecture. */
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
  /**
   * Seconds that engines spent on it in all its sessions: start, features, compiling, training and
   * validation, without pauses and the time between sessions. Null where an earlier version, which
   * did not count them, trained a part.
   */
  activeSeconds: v.nullable(finiteSchema),
  /** Newest step and epoch that the engine reported; 0 before the first. */
  step: countSchema,
  epoch: finiteSchema,
  /** Step of the newest checkpoint; null if there is none. */
  checkpointStep: v.nullable(countSchema),
  /** Best validation accuracy and its loss so far. */
  bestTop1: v.nullable(finiteSchema),
  bestLoss: v.nullable(finiteSchema),
  /** Number of checkpointed blocks; null before the first start. */
  checkpointedBlocks: v.nullable(countSchema),
  adapterId: v.nullable(idSchema),
  /** The adapter whose weights it started from; it may be gone since. */
  parentAdapterId: v.nullable(idSchema),
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
    /** null when trained from scratch. */
    backboneId: v.nullable(idSchema),
    backboneName: v.string(),
    backboneSha256: v.string(),
    /** null when it was imported. */
    runId: v.nullable(idSchema),
    /** The adapter whose weights its run started from; it may be gone since. */
    parentId: v.nullable(idSchema),
    classes: v.array(v.string()),
    adapterParameters: countSchema,
    headParameters: countSchema,
    trainableParameters: countSchema,
    bytes: countSchema,
    /** Validation accuracy and loss at the end of its run, from its configuration. */
    top1: v.nullable(finiteSchema),
    loss: v.nullable(finiteSchema),
    tags: v.array(v.string()),
    createdAt: v.string(),
  }),
);
export type Adapter = v.InferOutput<typeof adapterSchema>;

/** The adapter whose weights a run started from, and through it its own adapter. */
export const parentAdapterSchema = immutable(
  v.object({
    id: idSchema,
    /** null when it was deleted permanently. */
    name: v.nullable(v.string()),
    /** False when it is in the bin, or was deleted. */
    inLibrary: v.boolean(),
  }),
);
export type ParentAdapter = v.InferOutput<typeof parentAdapterSchema>;

export const storedEvaluationSchema = immutable(
  v.object({
    id: idSchema,
    adapterId: idSchema,
    datasetId: idSchema,
    split: splitSchema,
    /** Of the dataset: it names the metrics. */
    task: v.string(),
    evaluation: evaluationSchema,
    /** Where the dataset's classes are not as the adapter learnt them. */
    classNotes: v.array(classNoteSchema),
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

export const exportFormatSchema = v.picklist(EXPORT_FORMATS);

export const storedExportSchema = immutable(
  v.object({
    id: idSchema,
    adapterId: idSchema,
    format: exportFormatSchema,
    out: v.string(),
    /** null for the formats `adapter` and `karst`, which are plain copies. */
    verification: v.nullable(verificationSchema),
    createdAt: v.string(),
  }),
);
export type StoredExport = v.InferOutput<typeof storedExportSchema>;

/** The predictions for one file. */
export type PredictionRow =
  | { readonly path: string; readonly predictions: readonly Prediction[] }
  | { readonly path: string; readonly error: ErrorReport };
