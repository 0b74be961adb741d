import * as v from 'valibot';
import type { Preprocessing } from '../../domain/architecture.ts';
import { SPLITS } from '../../domain/dataset.ts';
import { ERROR_CODES, type ErrorReport } from '../../domain/errors.ts';
import {
  DATASET_LAYOUTS,
  EXPORT_FORMATS,
  IMAGE_STATES,
  RUN_STATES,
  type Adapter,
  type Backbone,
  type Dataset,
  type DatasetProblem,
  type StoredEvaluation,
  type StoredExport,
  type StoredMerge,
} from '../../domain/library.ts';
import type { Evaluation, MetricRecord, Prediction, Verification } from '../../domain/metrics.ts';
import { FINDING_KINDS } from '../../domain/problem-kinds.ts';
import { METHOD_NAMES } from '../../methods/registry.ts';
import { architectureSchema } from '../../models/registry.ts';
import { looseTrainingSchema } from '../../training/settings.ts';

/** Schemas of what the library holds, as it crosses the bridge between the window and the host. */

/** Neither NUL, which no file name and no text of the library can hold, nor half a character. */
const whole = v.regex(
  /^[^\0\p{Surrogate}]*$/u,
  'Invalid text: it holds a NUL or half of a character',
);

export const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200), whole);
export const name = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(200), whole);
/** What somebody typed to search for it. */
export const searchText = v.pipe(v.string(), v.maxLength(500), whole);
/** Whatever somebody wrote down. */
export const notesText = v.pipe(v.string(), v.maxLength(100_000), whole);
/** The host's system; undefined in a window, which leaves it to the host to judge paths. */
const platform = (globalThis as { process?: { platform?: string } }).process?.platform;
/** How paths begin that do. `C:\` is a file beside the host where the system is none that knows drives. */
const ROOT = platform === undefined || platform === 'win32' ? /^(?:[/\\]|[A-Za-z]:[/\\])/ : /^\//;
/** From the root on: nobody at a window knows in which folder the host happens to stand. */
export const filePath = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.maxLength(4096),
  whole,
  v.regex(ROOT, 'Invalid path: it does not begin at the root'),
);
/** Endings of file names. */
export const extensions = v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(200));
export const finite = v.pipe(v.number(), v.finite());
/** Whole numbers that a number can hold exactly, as SQLite does. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
export const split = v.picklist(SPLITS);
export const nothing = v.strictObject({});

export const errorReport: v.GenericSchema<unknown, ErrorReport> = v.object({
  code: v.picklist(ERROR_CODES),
  message: v.string(),
  hint: v.string(),
  path: v.exactOptional(v.string()),
  option: v.exactOptional(v.string()),
});

const triple = v.tuple([finite, finite, finite]);
const counts = v.object({ train: count, val: count, test: count });

const preprocessing: v.GenericSchema<unknown, Preprocessing> = v.object({
  imageSize: count,
  interpolation: v.picklist(['bicubic', 'bilinear']),
  cropFraction: finite,
  cropMode: v.picklist(['center', 'squash']),
  mean: triple,
  std: triple,
});

const provenance = v.picklist([
  'config.json',
  'preprocessor_config.json',
  'metadata',
  'option',
  'default',
]);
export const backbone: v.GenericSchema<unknown, Backbone> = v.object({
  id,
  name: v.string(),
  path: v.string(),
  sha256: v.string(),
  bytes: count,
  modifiedMs: finite,
  dtype: v.picklist(['F32', 'F16', 'BF16']),
  architecture: architectureSchema,
  preprocessing,
  timmName: v.nullable(v.string()),
  headsFrom: provenance,
  preprocessingFrom: provenance,
  tensorPrefix: v.string(),
  createdAt: v.string(),
});

export const dataset: v.GenericSchema<unknown, Dataset> = v.object({
  id,
  name: v.string(),
  path: v.string(),
  layout: v.picklist(DATASET_LAYOUTS),
  classes: v.array(
    v.object({ index: count, name: v.string(), train: count, val: count, test: count }),
  ),
  counts,
  excluded: count,
  unusable: count,
  duplicates: count,
  bytes: count,
  valFraction: finite,
  testFraction: finite,
  seed: v.pipe(v.number(), v.integer()),
  givenSplits: v.array(split),
  createdAt: v.string(),
});

export const imageState = v.picklist(IMAGE_STATES);

export const datasetProblem: v.GenericSchema<unknown, DatasetProblem> = v.object({
  kind: v.picklist(FINDING_KINDS),
  path: v.string(),
  reason: v.string(),
  line: v.exactOptional(count),
});

export const prediction: v.GenericSchema<unknown, Prediction> = v.object({
  label: v.string(),
  probability: finite,
});

const evaluation: v.GenericSchema<unknown, Evaluation> = v.object({
  n: count,
  top1: finite,
  top5: finite,
  loss: finite,
  macroF1: finite,
  perClass: v.array(
    v.object({ label: v.string(), n: count, precision: finite, recall: finite, f1: finite }),
  ),
  confusion: v.array(v.array(count)),
  metrics: v.exactOptional(v.record(v.string(), finite)),
});

export const verification: v.GenericSchema<unknown, Verification> = v.object({
  images: count,
  maxAbsDiff: finite,
  tolerance: finite,
  top1Agreement: finite,
});

export const metricRecord: v.GenericSchema<unknown, MetricRecord> = v.variant('kind', [
  v.object({
    kind: v.literal('train'),
    step: count,
    epoch: finite,
    loss: finite,
    top1: finite,
    learningRate: finite,
    gradientNorm: finite,
    imagesPerSecond: finite,
    waiting: finite,
  }),
  v.object({
    kind: v.literal('validation'),
    step: count,
    epoch: finite,
    loss: finite,
    top1: finite,
    best: v.boolean(),
    metrics: v.exactOptional(v.record(v.string(), finite)),
  }),
]);

export const method = v.picklist(METHOD_NAMES);

/** What `Run` holds; a run on the bridge has more, see runs.ts. */
export const runEntries = {
  id,
  name: v.string(),
  state: v.picklist(RUN_STATES),
  method,
  backboneId: v.nullable(id),
  backboneName: v.string(),
  datasetId: v.nullable(id),
  datasetName: v.string(),
  classes: v.array(v.string()),
  counts,
  config: looseTrainingSchema,
  folder: v.string(),
  createdAt: v.string(),
  startedAt: v.nullable(v.string()),
  endedAt: v.nullable(v.string()),
  step: count,
  epoch: finite,
  checkpointStep: v.nullable(count),
  bestTop1: v.nullable(finite),
  bestLoss: v.nullable(finite),
  recomputedBlocks: v.nullable(count),
  adapterId: v.nullable(id),
  error: v.nullable(errorReport),
};
export const adapter: v.GenericSchema<unknown, Adapter> = v.object({
  id,
  name: v.string(),
  folder: v.string(),
  method,
  backboneId: v.nullable(id),
  backboneName: v.string(),
  backboneSha256: v.string(),
  runId: v.nullable(id),
  classes: v.array(v.string()),
  adapterParameters: count,
  headParameters: count,
  trainableParameters: count,
  bytes: count,
  top1: v.nullable(finite),
  loss: v.nullable(finite),
  tags: v.array(v.string()),
  createdAt: v.string(),
});

export const storedEvaluation: v.GenericSchema<unknown, StoredEvaluation> = v.object({
  id,
  adapterId: id,
  datasetId: id,
  split,
  evaluation,
  createdAt: v.string(),
});

export const storedMerge: v.GenericSchema<unknown, StoredMerge> = v.object({
  id,
  adapterId: id,
  out: v.string(),
  verification,
  createdAt: v.string(),
});

export const exportFormat = v.picklist(EXPORT_FORMATS);
export const storedExport: v.GenericSchema<unknown, StoredExport> = v.object({
  id,
  adapterId: id,
  format: exportFormat,
  out: v.string(),
  verification: v.nullable(verification),
  createdAt: v.string(),
});

/** Part of a long list: `total` counts what the filter leaves, `offset` and `limit` choose from it. */
export const page = { offset: count, limit: v.pipe(count, v.maxValue(1000)) };

/** Names a picture without its path: `/media/<id>?size=<pixels>`, by HTTP or by the window's own scheme. */
export const media = v.pipe(v.string(), v.regex(/^[\w.-]{1,120}$/));
