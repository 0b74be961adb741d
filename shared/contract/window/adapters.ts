import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import {
  adapterSchema,
  exportFormatSchema,
  methodSchema,
  splitSchema,
  storedEvaluationSchema,
  storedExportSchema,
  storedMergeSchema,
} from '../../domain/library.ts';
import { predictionSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema, fractionSchema, idSchema } from '../../domain/scalars.ts';
import {
  filePathSchema,
  mediaSchema,
  nameSchema,
  notesTextSchema,
  nothingSchema,
  page,
  searchTextSchema,
} from './inputs.ts';
import { procedure } from './procedure.ts';
import { runView } from './runs.ts';
import { task } from './tasks.ts';

const one = v.strictObject({ id: idSchema });

/** In one question. */
const MOST_TAGS = 100;

/** Answers for one image. */
const top = v.pipe(countSchema, v.minValue(1), v.maxValue(100));

export const adapterFilter = v.object({
  /** Parts of name, tags, classes, backbone or notes; all of them must fit. */
  search: searchTextSchema,
  /** All of them. */
  tags: v.pipe(v.array(nameSchema), v.maxLength(MOST_TAGS)),
  method: v.nullable(methodSchema),
  backboneId: v.nullable(idSchema),
  sort: v.picklist(['newest', 'name', 'top1', 'bytes']),
});
export type AdapterFilter = v.InferOutput<typeof adapterFilter>;

export const adapterDetail = v.object({
  adapter: adapterSchema,
  notes: v.string(),
  /** Counted from 1 among the adapters of one line: those of a run that was extended. */
  version: countSchema,
  /** The whole line, the newest first. */
  versions: v.array(adapterSchema),
  run: v.nullable(runView),
  /** The frozen list of files that it was trained on. */
  manifest: v.nullable(v.object({ path: v.string(), sha256: v.string(), images: countSchema })),
  evaluations: v.array(storedEvaluationSchema),
  merges: v.array(storedMergeSchema),
  exports: v.array(storedExportSchema),
});
export type AdapterDetail = v.InferOutput<typeof adapterDetail>;

/** One image of an evaluation. */
export const judgedImage = v.object({
  media: mediaSchema,
  file: v.string(),
  truth: countSchema,
  /** Class index of the first answer and its probability; null for a file that could not be read. */
  predicted: v.nullable(countSchema),
  probability: v.nullable(fractionSchema),
});
export type JudgedImage = v.InferOutput<typeof judgedImage>;

export const predictionAnswer = v.object({
  /** The picture, to be shown; of a path that could not be read there is none. */
  media: v.nullable(mediaSchema),
  path: v.nullable(v.string()),
  predictions: v.array(predictionSchema),
  error: v.nullable(errorReportSchema),
});
export type PredictionAnswer = v.InferOutput<typeof predictionAnswer>;

export const binned = v.object({
  id: idSchema,
  kind: v.picklist(['run', 'adapter']),
  name: v.string(),
  bytes: countSchema,
  removedAt: v.string(),
});
export type Binned = v.InferOutput<typeof binned>;

export const adapterProcedures = {
  'adapters.list': procedure(
    v.strictObject({ filter: adapterFilter, ...page }),
    v.object({ total: countSchema, adapters: v.array(adapterSchema), tags: v.array(v.string()) }),
  ),
  'adapters.get': procedure(one, adapterDetail),
  'adapters.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), adapterSchema),
  'adapters.note': procedure(
    v.strictObject({ id: idSchema, notes: notesTextSchema }),
    nothingSchema,
  ),
  'adapters.tag': procedure(
    v.strictObject({
      id: idSchema,
      add: v.pipe(v.array(nameSchema), v.maxLength(MOST_TAGS)),
      remove: v.pipe(v.array(nameSchema), v.maxLength(MOST_TAGS)),
    }),
    adapterSchema,
  ),
  /** To the bin. */
  'adapters.remove': procedure(one, nothingSchema),
  /** An adapter folder or a `.karst` file. */
  'adapters.import': procedure(
    v.strictObject({ path: filePathSchema, name: v.nullable(nameSchema) }),
    task,
  ),
  /**
   * out: null for `<home>/merged/<adapter>-<id>`. datasetId: whose images verify it, here and in an export; left out,
   * those that the run held back, or those of a dataset of its classes.
   */
  'adapters.merge': procedure(
    v.strictObject({
      id: idSchema,
      out: v.nullable(filePathSchema),
      datasetId: v.exactOptional(idSchema),
    }),
    task,
  ),
  'adapters.export': procedure(
    v.strictObject({
      id: idSchema,
      format: exportFormatSchema,
      out: filePathSchema,
      datasetId: v.exactOptional(idSchema),
    }),
    task,
  ),

  'evaluations.start': procedure(
    v.strictObject({ adapterId: idSchema, datasetId: idSchema, split: splitSchema }),
    task,
  ),
  /** Those of one adapter, or all; the newest first. */
  'evaluations.list': procedure(
    v.strictObject({ adapterId: v.nullable(idSchema) }),
    v.array(storedEvaluationSchema),
  ),
  'evaluations.get': procedure(one, storedEvaluationSchema),
  /** The images behind a cell of the confusion matrix, or the most confident mistakes. */
  'evaluations.images': procedure(
    v.strictObject({
      id: idSchema,
      truth: v.nullable(countSchema),
      predicted: v.nullable(countSchema),
      mistakes: v.boolean(),
      ...page,
    }),
    v.object({ total: countSchema, images: v.array(judgedImage) }),
  ),

  /** Answers in order. The engine that gives them stays warm for a while. */
  'predictions.make': procedure(
    v.strictObject({
      adapterId: idSchema,
      media: v.pipe(v.array(mediaSchema), v.maxLength(256)),
      paths: v.pipe(v.array(filePathSchema), v.maxLength(256)),
      top,
    }),
    v.object({ answers: v.array(predictionAnswer), seconds: finiteSchema }),
  ),
  /** A whole folder into a CSV file. */
  'predictions.folder': procedure(
    v.strictObject({ adapterId: idSchema, folder: filePathSchema, out: filePathSchema, top }),
    task,
  ),

  'bin.list': procedure(nothingSchema, v.array(binned)),
  /** Answers with the name that it has now: another one when its own was taken meanwhile. */
  'bin.restore': procedure(one, v.object({ name: v.string() })),
  /** For good. */
  'bin.delete': procedure(one, nothingSchema),
};
