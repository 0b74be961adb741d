import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import {
  adapterSchema,
  exportFormatSchema,
  methodSchema,
  parentAdapterSchema,
  perSplit,
  splitSchema,
  storedEvaluationSchema,
  storedExportSchema,
  storedMergeSchema,
} from '../../domain/library.ts';
import { PRECISIONS } from '../../domain/export-target.ts';
import { predictorSchema } from '../../domain/predictor.ts';
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

/** Limits per request. */
const MOST_TAGS = 100;
const MOST_CLASSES = 100_000;

/** Predictions per image. */
const top = v.pipe(countSchema, v.minValue(1), v.maxValue(100));

export const adapterFilter = v.object({
  /** Words to find in name, tags, classes, backbone or notes; all must match. */
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
  /** Number in its lineage (the adapters of an extended run), from 1. */
  version: countSchema,
  /** The whole lineage, newest first. */
  versions: v.array(adapterSchema),
  run: v.nullable(runView),
  parent: v.nullable(parentAdapterSchema),
  /** The frozen file list that it was trained on. */
  manifest: v.nullable(
    v.object({ path: v.string(), sha256: v.string(), counts: v.object(perSplit) }),
  ),
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
  /** Class index of the top-1 prediction and its probability; null for an unreadable file. */
  predicted: v.nullable(countSchema),
  probability: v.nullable(fractionSchema),
  /** Whether its class was changed, or it was excluded, since. */
  corrected: v.boolean(),
});
export type JudgedImage = v.InferOutput<typeof judgedImage>;

export const predictionAnswer = v.object({
  /** Name of the picture to show; null for an unreadable path. */
  media: v.nullable(mediaSchema),
  path: v.nullable(v.string()),
  predictions: v.array(predictionSchema),
  error: v.nullable(errorReportSchema),
});
export type PredictionAnswer = v.InferOutput<typeof predictionAnswer>;

export const binned = v.object({
  id: idSchema,
  kind: v.picklist(['run', 'adapter', 'dataset']),
  name: v.string(),
  /** Of its folder; 0 for a dataset, whose images stay where they are. */
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
  /** Gives classes other names, without training. */
  'adapters.renameClasses': procedure(
    v.strictObject({
      id: idSchema,
      names: v.pipe(
        v.array(v.strictObject({ from: v.string(), to: nameSchema })),
        v.maxLength(MOST_CLASSES),
      ),
    }),
    adapterSchema,
  ),
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
  /** Moves it to the bin. */
  'adapters.remove': procedure(one, nothingSchema),
  /** An adapter folder or a `.karst` file. */
  'adapters.import': procedure(
    v.strictObject({ path: filePathSchema, name: v.nullable(nameSchema) }),
    task,
  ),
  /**
   * out: null for `<home>/merged/<adapter>-<id>`. datasetId: dataset for verification, here and in
   * an export; default: images that the run held out, or those of a dataset with its classes.
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
      /** Of an ONNX file. */
      precision: v.exactOptional(v.picklist(PRECISIONS)),
      /** Whether the loss of accuracy that an earlier attempt measured is accepted. */
      acceptLoss: v.exactOptional(v.boolean()),
      out: filePathSchema,
      datasetId: v.exactOptional(idSchema),
    }),
    task,
  ),

  'evaluations.start': procedure(
    v.strictObject({ adapterId: idSchema, datasetId: idSchema, split: splitSchema }),
    task,
  ),
  /** Those of one adapter, or all; newest first. */
  'evaluations.list': procedure(
    v.strictObject({ adapterId: v.nullable(idSchema) }),
    v.array(storedEvaluationSchema),
  ),
  /** How often one split of a dataset was evaluated on, by any adapter. */
  'evaluations.count': procedure(
    v.strictObject({ datasetId: idSchema, split: splitSchema }),
    countSchema,
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
  /** Number of its images that were corrected since. */
  'evaluations.corrected': procedure(one, countSchema),

  /** Predictions in order. The engine is kept loaded for a while. */
  'predictions.make': procedure(
    v.strictObject({
      model: predictorSchema,
      media: v.pipe(v.array(mediaSchema), v.maxLength(256)),
      paths: v.pipe(v.array(filePathSchema), v.maxLength(256)),
      top,
    }),
    v.object({ answers: v.array(predictionAnswer), seconds: finiteSchema }),
  ),
  /** Predicts a folder into a CSV file. */
  'predictions.folder': procedure(
    v.strictObject({ model: predictorSchema, folder: filePathSchema, out: filePathSchema, top }),
    task,
  ),

  'bin.list': procedure(nothingSchema, v.array(binned)),
  /** Returns its name, a new one if its own has been taken since. */
  'bin.restore': procedure(one, v.object({ name: v.string() })),
  /** Deletes it permanently. */
  'bin.delete': procedure(one, nothingSchema),
};
