import * as v from 'valibot';
import {
  datasetProblemSchema,
  datasetSchema,
  imageStateSchema,
  splitSchema,
} from '../../domain/library.ts';
import { countSchema, fractionSchema, idSchema } from '../../domain/scalars.ts';
import { augmentation } from '../../training/fields.ts';
import { datasetSource } from './dataset-source.ts';
import { mediaSchema, nameSchema, nothingSchema, page, searchTextSchema } from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

/** One image of a dataset as the gallery shows it. */
export const galleryImage = v.object({
  /** Its position in the dataset, which identifies it. */
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
  /** Excluded from training and evaluation by the user. */
  excluded: v.boolean(),
  /** Why it is unusable, or what it duplicates. */
  reason: v.nullable(v.string()),
});
export type GalleryImage = v.InferOutput<typeof galleryImage>;

export const imageFilter = v.strictObject({
  label: v.exactOptional(countSchema),
  split: v.exactOptional(splitSchema),
  /** A file state, excluded images included; `excluded` matches excluded images in any state. */
  state: v.exactOptional(v.union([imageStateSchema, v.literal('excluded')])),
  /** Part of the file's path below the dataset's folder, ignoring case. */
  search: v.exactOptional(searchTextSchema),
});
export type ImageFilter = v.InferOutput<typeof imageFilter>;

const one = v.strictObject({ id: idSchema });

const draw = v.strictObject({
  id: idSchema,
  val: fractionSchema,
  test: fractionSchema,
  seed: countSchema,
  redrawGiven: v.exactOptional(v.boolean()),
});

/** `moved` counts the images that are in another split now. */
const splitOutcome = v.object({ moved: countSchema, dataset: datasetSchema });

/** Limit of positions per request; for more use a filter. */
const MOST_POSITIONS = 1_000_000;

export const datasetProcedures = {
  'datasets.list': procedure(nothingSchema, v.array(datasetSchema)),
  'datasets.get': procedure(one, datasetSchema),
  /** Lists a source without importing it: what it would make, or what has to be answered. */
  'datasets.preview': procedure(v.strictObject(datasetSource), task),
  'datasets.import': procedure(
    v.strictObject({
      ...datasetSource,
      name: nameSchema,
      val: fractionSchema,
      test: fractionSchema,
      seed: countSchema,
      /** The project that it is added to. */
      projectId: v.nullable(idSchema),
    }),
    task,
  ),
  /** Checks every file again. */
  'datasets.check': procedure(one, task),
  'datasets.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), datasetSchema),
  /** Moves it to the bin; the image files stay. */
  'datasets.remove': procedure(one, nothingSchema),
  /** Problems, then notes (`isNote`); `total` counts both, `notes` the latter. */
  'datasets.problems': procedure(
    v.strictObject({ id: idSchema, ...page }),
    v.object({ total: countSchema, notes: countSchema, problems: v.array(datasetProblemSchema) }),
  ),
  'datasets.images': procedure(
    v.strictObject({ id: idSchema, filter: imageFilter, ...page }),
    v.object({ total: countSchema, images: v.array(galleryImage) }),
  ),
  /** The image of a dataset that a picture shows; null if it is none of them. */
  'datasets.image': procedure(
    v.strictObject({ id: idSchema, media: mediaSchema }),
    v.nullable(galleryImage),
  ),
  /**
   * Relabels, moves to another split, excludes or restores images by position, or all that match a
   * filter. Exact duplicates move along to another split. `changed` counts the changed images.
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
  /** What `datasets.resplit` would do: usable images per split, and how many images move. */
  'datasets.previewSplit': procedure(
    draw,
    v.object({
      counts: v.object({ train: countSchema, val: countSchema, test: countSchema }),
      moved: countSchema,
    }),
  ),
  /**
   * Re-splits, stratified by class; exact duplicates stay together. Images that the source assigned
   * to a split (`givenSplits`) get it, unless `redrawGiven`.
   */
  'datasets.resplit': procedure(draw, splitOutcome),
  /** Undoes the latest re-split. */
  'datasets.undoSplit': procedure(one, splitOutcome),
  /**
   * Previews of augmented images: `copies` of each, made by the engine's code; none of an
   * unreadable image. A newer request for the same dataset cancels a running one.
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
      /** Backbone whose preprocessing is used; default: the usual one. */
      backboneId: v.exactOptional(idSchema),
    }),
    v.object({
      images: v.array(v.object({ position: countSchema, copies: v.array(mediaSchema) })),
    }),
  ),
};
