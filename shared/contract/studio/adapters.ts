import * as v from 'valibot';
import { procedure } from './procedure.ts';
import { runView } from './runs.ts';
import { task } from './tasks.ts';
import {
  adapter,
  count,
  errorReport,
  exportFormat,
  filePath,
  finite,
  fraction,
  id,
  media,
  method,
  name,
  nothing,
  notesText,
  page,
  prediction,
  searchText,
  split,
  storedEvaluation,
  storedExport,
  storedMerge,
} from './values.ts';

const one = v.strictObject({ id });

/** In one question. */
const MOST_TAGS = 100;

/** Answers for one image. */
const top = v.pipe(count, v.minValue(1), v.maxValue(100));

export const adapterFilter = v.object({
  /** Parts of name, tags, classes, backbone or notes; all of them must fit. */
  search: searchText,
  /** All of them. */
  tags: v.pipe(v.array(name), v.maxLength(MOST_TAGS)),
  method: v.nullable(method),
  backboneId: v.nullable(id),
  sort: v.picklist(['newest', 'name', 'top1', 'bytes']),
});
export type AdapterFilter = v.InferOutput<typeof adapterFilter>;

export const adapterDetail = v.object({
  adapter,
  notes: v.string(),
  /** Counted from 1 among the adapters of one line: those of a run that was extended. */
  version: count,
  /** The whole line, the newest first. */
  versions: v.array(adapter),
  run: v.nullable(runView),
  /** The frozen list of files that it was trained on. */
  manifest: v.nullable(v.object({ path: v.string(), sha256: v.string(), images: count })),
  evaluations: v.array(storedEvaluation),
  merges: v.array(storedMerge),
  exports: v.array(storedExport),
});
export type AdapterDetail = v.InferOutput<typeof adapterDetail>;

/** One image of an evaluation. */
export const judgedImage = v.object({
  media,
  file: v.string(),
  truth: count,
  /** Class index of the first answer and its probability; null for a file that could not be read. */
  predicted: v.nullable(count),
  probability: v.nullable(fraction),
});
export type JudgedImage = v.InferOutput<typeof judgedImage>;

export const predictionAnswer = v.object({
  /** The picture, to be shown; of a path that could not be read there is none. */
  media: v.nullable(media),
  path: v.nullable(v.string()),
  predictions: v.array(prediction),
  error: v.nullable(errorReport),
});
export type PredictionAnswer = v.InferOutput<typeof predictionAnswer>;

export const binned = v.object({
  id,
  kind: v.picklist(['run', 'adapter']),
  name: v.string(),
  bytes: count,
  removedAt: v.string(),
});
export type Binned = v.InferOutput<typeof binned>;

export const adapterProcedures = {
  'adapters.list': procedure(
    v.strictObject({ filter: adapterFilter, ...page }),
    v.object({ total: count, adapters: v.array(adapter), tags: v.array(v.string()) }),
  ),
  'adapters.get': procedure(one, adapterDetail),
  'adapters.rename': procedure(v.strictObject({ id, name }), adapter),
  'adapters.note': procedure(v.strictObject({ id, notes: notesText }), nothing),
  'adapters.tag': procedure(
    v.strictObject({
      id,
      add: v.pipe(v.array(name), v.maxLength(MOST_TAGS)),
      remove: v.pipe(v.array(name), v.maxLength(MOST_TAGS)),
    }),
    adapter,
  ),
  /** To the bin. */
  'adapters.remove': procedure(one, nothing),
  /** An adapter folder or a `.karst` file. */
  'adapters.import': procedure(v.strictObject({ path: filePath, name: v.nullable(name) }), task),
  /**
   * out: null for `<home>/merged/<adapter>-<id>`. datasetId: whose images verify it, here and in an export; left out,
   * those that the run held back, or those of a dataset of its classes.
   */
  'adapters.merge': procedure(
    v.strictObject({ id, out: v.nullable(filePath), datasetId: v.exactOptional(id) }),
    task,
  ),
  'adapters.export': procedure(
    v.strictObject({ id, format: exportFormat, out: filePath, datasetId: v.exactOptional(id) }),
    task,
  ),

  'evaluations.start': procedure(v.strictObject({ adapterId: id, datasetId: id, split }), task),
  /** Those of one adapter, or all; the newest first. */
  'evaluations.list': procedure(
    v.strictObject({ adapterId: v.nullable(id) }),
    v.array(storedEvaluation),
  ),
  'evaluations.get': procedure(one, storedEvaluation),
  /** The images behind a cell of the confusion matrix, or the most confident mistakes. */
  'evaluations.images': procedure(
    v.strictObject({
      id,
      truth: v.nullable(count),
      predicted: v.nullable(count),
      mistakes: v.boolean(),
      ...page,
    }),
    v.object({ total: count, images: v.array(judgedImage) }),
  ),

  /** Answers in order. The engine that gives them stays warm for a while. */
  'predictions.make': procedure(
    v.strictObject({
      adapterId: id,
      media: v.pipe(v.array(media), v.maxLength(256)),
      paths: v.pipe(v.array(filePath), v.maxLength(256)),
      top,
    }),
    v.object({ answers: v.array(predictionAnswer), seconds: finite }),
  ),
  /** A whole folder into a CSV file. */
  'predictions.folder': procedure(
    v.strictObject({ adapterId: id, folder: filePath, out: filePath, top }),
    task,
  ),

  'bin.list': procedure(nothing, v.array(binned)),
  /** Answers with the name that it has now: another one when its own was taken meanwhile. */
  'bin.restore': procedure(one, v.object({ name: v.string() })),
  /** For good. */
  'bin.delete': procedure(one, nothing),
};
