import * as v from 'valibot';
import { FOLDER_LAYOUTS, IMPORT_LAYOUTS } from '../../domain/dataset.ts';
import { DATASET_LAYOUTS, datasetChangesSchema } from '../../domain/library.ts';
import { countSchema } from '../../domain/scalars.ts';
import { filePathSchema } from './inputs.ts';

/** What cannot be detected from a source; omitted where not needed. */
export const datasetSource = {
  path: filePathSchema,
  as: v.exactOptional(v.picklist(IMPORT_LAYOUTS)),
  /** Encoding of lists and tables without a byte order mark, by WHATWG label. */
  encoding: v.exactOptional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(40))),
};

/** Image files by split; `free` are those without a given split. */
const perSplit = v.object({
  train: countSchema,
  val: countSchema,
  test: countSchema,
  free: countSchema,
});

/** One way to read a folder. */
const datasetReading = v.object({
  /** The folder to import: the ambiguous one, or one inside it. */
  path: v.string(),
  /** Its layout; null for a folder inside, which has one meaning alone. */
  as: v.nullable(v.picklist(FOLDER_LAYOUTS)),
  /** The first few. */
  classes: v.array(v.string()),
  classCount: countSchema,
  counts: perSplit,
});
export type DatasetReading = v.InferOutput<typeof datasetReading>;

/** What an import would make of a source, from names alone: no file has been decoded. */
const datasetPreview = v.object({
  kind: v.literal('preview'),
  layout: v.picklist(DATASET_LAYOUTS),
  /** The first few, with their images. */
  classes: v.array(v.object({ name: v.string(), images: countSchema })),
  classCount: countSchema,
  counts: perSplit,
  /** Files and folders that are not taken: those that should have been, and notes. */
  problems: countSchema,
  notes: countSchema,
  /** Names of the first few of them. */
  skipped: v.array(v.string()),
});
export type DatasetPreview = v.InferOutput<typeof datasetPreview>;

const layoutQuestion = v.object({
  kind: v.literal('layout'),
  /** The ambiguous folder. */
  path: v.string(),
  why: v.picklist([
    'splits-in-some',
    'splits-in-each',
    'folder-beside-splits',
    'splits-without-classes',
    'names-repeat',
    'classes-in-classes',
  ]),
  /** The first few names of the folders that make it ambiguous. */
  folders: v.array(v.string()),
  readings: v.array(datasetReading),
});
export type LayoutQuestion = v.InferOutput<typeof layoutQuestion>;

const encodingQuestion = v.object({
  kind: v.literal('encoding'),
  /** The list or table. */
  path: v.string(),
  /** The first invalid one. */
  line: countSchema,
  encoding: v.string(),
});

export type DatasetQuestion = LayoutQuestion | v.InferOutput<typeof encodingQuestion>;

/** What an update or an addition would do, or what has to be answered first. */
export const growthOutlook = v.variant('kind', [
  v.object({
    kind: v.literal('changes'),
    /** For `datasets.grow`. */
    token: v.string(),
    changes: datasetChangesSchema,
  }),
  layoutQuestion,
  encodingQuestion,
]);
export type GrowthOutlook = v.InferOutput<typeof growthOutlook>;

/** What a source holds, or what has to be answered first. */
export const datasetOutlook = v.variant('kind', [datasetPreview, layoutQuestion, encodingQuestion]);
export type DatasetOutlook = v.InferOutput<typeof datasetOutlook>;
