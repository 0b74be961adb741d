import * as v from 'valibot';
import { FOLDER_LAYOUTS, IMPORT_LAYOUTS } from '../../domain/dataset.ts';
import {
  datasetProblemSchema,
  datasetSchema,
  imageStateSchema,
  splitSchema,
} from '../../domain/library.ts';
import { countSchema, fractionSchema, idSchema } from '../../domain/scalars.ts';
import { augmentation } from '../../training/fields.ts';
import {
  filePathSchema,
  mediaSchema,
  nameSchema,
  nothingSchema,
  page,
  searchTextSchema,
} from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

/** One image of a dataset as the gallery shows it. */
export const galleryImage = v.object({
  /** Its place in the dataset, which names it. */
  position: countSchema,
  media: mediaSchema,
  /** Path below the dataset's folder, with forward slashes. */
  file: v.string(),
  width: countSchema,
  height: countSchema,
  bytes: countSchema,
  /** Index of its class. */
  label: countSchema,
  split: splitSchema,
  state: imageStateSchema,
  /** Taken out of training and evaluation by the user. */
  excluded: v.boolean(),
  /** Why it cannot be used, or what it is a duplicate of. */
  reason: v.nullable(v.string()),
});
export type GalleryImage = v.InferOutput<typeof galleryImage>;

export const imageFilter = v.strictObject({
  label: v.exactOptional(countSchema),
  split: v.exactOptional(splitSchema),
  /** A state of files, of excluded ones too; `excluded` leaves the excluded ones whatever their state. */
  state: v.exactOptional(v.union([imageStateSchema, v.literal('excluded')])),
  /** Part of the file's path below the dataset's folder, in any case. */
  search: v.exactOptional(searchTextSchema),
});
export type ImageFilter = v.InferOutput<typeof imageFilter>;

/** What the studio cannot know of a source by itself, left out where it need not be said. */
const source = {
  path: filePathSchema,
  as: v.exactOptional(v.picklist(IMPORT_LAYOUTS)),
  /** Code page of lists and tables without a byte order mark, by its WHATWG label. */
  encoding: v.exactOptional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(40))),
};

/** What one layout would make of the folders. */
const datasetReading = v.object({
  as: v.picklist(FOLDER_LAYOUTS),
  /** The first of them. */
  classes: v.array(v.string()),
  classCount: countSchema,
  /** Image files; `free` are those that no split is said of. */
  counts: v.object({ train: countSchema, val: countSchema, test: countSchema, free: countSchema }),
});
export type DatasetReading = v.InferOutput<typeof datasetReading>;

const datasetQuestion = v.variant('kind', [
  v.object({
    kind: v.literal('layout'),
    /** The folder that is not clear. */
    path: v.string(),
    why: v.picklist([
      'splits-in-some',
      'folder-beside-splits',
      'splits-without-classes',
      'names-repeat',
    ]),
    /** Names of the folders that make it unclear, the first of them. */
    folders: v.array(v.string()),
    readings: v.array(datasetReading),
  }),
  v.object({
    kind: v.literal('encoding'),
    /** The list or table. */
    path: v.string(),
    /** The first that is not in the encoding. */
    line: countSchema,
    encoding: v.string(),
  }),
]);
export type DatasetQuestion = v.InferOutput<typeof datasetQuestion>;

const one = v.strictObject({ id: idSchema });

/** Positions in one question; for more there are filters. */
const MOST_POSITIONS = 1_000_000;

export const datasetProcedures = {
  'datasets.list': procedure(nothingSchema, v.array(datasetSchema)),
  'datasets.get': procedure(one, datasetSchema),
  /** What has to be said before this source can be imported; null when nothing. */
  'datasets.question': procedure(v.strictObject(source), v.nullable(datasetQuestion)),
  'datasets.import': procedure(
    v.strictObject({
      ...source,
      name: nameSchema,
      val: fractionSchema,
      test: fractionSchema,
      seed: countSchema,
      /** The project that gets it. */
      projectId: v.nullable(idSchema),
    }),
    task,
  ),
  /** Looks at every file again. */
  'datasets.check': procedure(one, task),
  'datasets.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), datasetSchema),
  /** Forgets it; the images stay where they are. */
  'datasets.remove': procedure(one, nothingSchema),
  /** The problems, then what is only told (`isNote`); `total` counts both, `notes` the latter. */
  'datasets.problems': procedure(
    v.strictObject({ id: idSchema, ...page }),
    v.object({ total: countSchema, notes: countSchema, problems: v.array(datasetProblemSchema) }),
  ),
  'datasets.images': procedure(
    v.strictObject({ id: idSchema, filter: imageFilter, ...page }),
    v.object({ total: countSchema, images: v.array(galleryImage) }),
  ),
  /**
   * Relabels, moves to a split, excludes or takes back the images named by position, or all that a filter leaves.
   * Exact duplicates of an image go with it to another split. `changed` counts those that became other.
   */
  'datasets.changeImages': procedure(
    v.strictObject({
      id: idSchema,
      images: v.union([v.pipe(v.array(countSchema), v.maxLength(MOST_POSITIONS)), imageFilter]),
      change: v.strictObject({
        label: v.exactOptional(countSchema),
        split: v.exactOptional(splitSchema),
        excluded: v.exactOptional(v.boolean()),
      }),
    }),
    v.object({ changed: countSchema, dataset: datasetSchema }),
  ),
  /**
   * Draws the split anew, stratified by class; exact duplicates stay together. Images that the source itself puts
   * into a split (`givenSplits`) stay as at import, unless `redrawGiven`.
   */
  'datasets.resplit': procedure(
    v.strictObject({
      id: idSchema,
      val: fractionSchema,
      test: fractionSchema,
      seed: countSchema,
      redrawGiven: v.exactOptional(v.boolean()),
    }),
    datasetSchema,
  ),
  /**
   * What these settings make of some images: `copies` of each, made by the engine's own code; none of an image
   * that cannot be read. A newer question about the same dataset ends one under way with `cancelled`.
   */
  'datasets.augment': procedure(
    v.strictObject({
      id: idSchema,
      positions: v.pipe(v.array(countSchema), v.maxLength(16)),
      augmentation: augmentation.looseSchema,
      /** Side in pixels. */
      imageSize: v.pipe(countSchema, v.minValue(8), v.maxValue(1024)),
      copies: v.pipe(countSchema, v.minValue(1), v.maxValue(16)),
      seed: countSchema,
      /** Whose preprocessing is used; left out: the usual one. */
      backboneId: v.exactOptional(idSchema),
    }),
    v.object({
      images: v.array(v.object({ position: countSchema, copies: v.array(mediaSchema) })),
    }),
  ),
};
