import * as v from 'valibot';
import { deviceReportSchema } from '../../domain/device.ts';
import { errorReportSchema } from '../../domain/error-report.ts';
import { countSchema, idSchema } from '../../domain/scalars.ts';
import {
  extensionsSchema,
  filePathSchema,
  mediaSchema,
  nameSchema,
  nothingSchema,
} from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

const LANGUAGES = ['system', 'en', 'zh-CN'] as const;
const THEMES = ['system', 'light', 'dark'] as const;

export const settings = v.object({
  language: v.picklist(LANGUAGES),
  theme: v.picklist(THEMES),
  /** Threads of the engine; 0 for the number of cores. */
  threads: v.pipe(countSchema, v.maxValue(256)),
  device: v.picklist(['auto', 'cpu', 'gpu']),
  /** Whether the welcome page was seen, or the library has something without it. */
  welcomed: v.boolean(),
  /** The current project: that of new datasets and runs. It may have been deleted. */
  project: v.nullable(idSchema),
  /** Where a folder or file was last chosen without a native dialog. It may be gone. */
  folder: v.nullable(filePathSchema),
});
export type Settings = v.InferOutput<typeof settings>;

export const status = v.object({
  version: v.string(),
  /** The data folder. */
  home: v.string(),
  /** Notices since the studio was opened. */
  notices: v.array(v.string()),
  /** Runs interrupted by the end of the last session. */
  interrupted: v.array(idSchema),
  /** Whether the bundled sample is available. */
  sample: v.boolean(),
});
export type Status = v.InferOutput<typeof status>;

export const diagnosis = v.object({
  machine: v.object({
    platform: v.string(),
    architecture: v.string(),
    processor: v.string(),
    cores: countSchema,
    memoryBytes: countSchema,
    freeMemoryBytes: countSchema,
    diskFreeBytes: v.nullable(countSchema),
  }),
  /** null if no engine starts; then `error` says why. */
  device: v.nullable(deviceReportSchema),
  error: v.nullable(errorReportSchema),
  /** The report as text, without names of files or the user. */
  report: v.string(),
});
export type Diagnosis = v.InferOutput<typeof diagnosis>;

export const fileList = v.object({
  folder: v.string(),
  parent: v.nullable(v.string()),
  entries: v.array(
    v.object({
      name: v.string(),
      path: v.string(),
      kind: v.picklist(['folder', 'file']),
      bytes: v.nullable(countSchema),
      /** Image files directly in a folder; null for files, and where not counted. */
      images: v.nullable(countSchema),
    }),
  ),
  /** Image files directly in the folder. */
  images: countSchema,
  /** Whether there are more entries than listed. */
  more: v.boolean(),
  /** Names that are not UTF-8, each such byte as `\xE4`; they cannot be opened here. */
  unnameable: v.array(v.string()),
  /**
   * Usual starting points. `name` is a key of the window's texts (`home`, `desktop`, `documents`,
   * `downloads`, `pictures`, `computer`), or the name of a drive.
   */
  places: v.array(v.object({ name: v.string(), path: v.string() })),
});
export type FileList = v.InferOutput<typeof fileList>;

export const systemProcedures = {
  'system.status': procedure(nothingSchema, status),
  /** Starts an engine to query it, which takes some seconds. Cached until `again`. */
  'system.diagnose': procedure(v.strictObject({ again: v.boolean() }), diagnosis),
  'settings.get': procedure(nothingSchema, settings),
  'settings.update': procedure(v.partial(settings), settings),
  /**
   * Lists a folder of this machine, for choosing without a native dialog; null for the home folder.
   */
  'files.list': procedure(
    v.strictObject({
      folder: v.nullable(filePathSchema),
      /** Extensions with a dot, in lower case; empty for folders only. */
      extensions: extensionsSchema,
    }),
    fileList,
  ),
  'files.makeFolder': procedure(
    v.strictObject({ parent: filePathSchema, name: nameSchema }),
    fileList,
  ),
  /** Uploads a picture (dropped, pasted, photographed) for `predictions.make`. At most 40 MB. */
  'uploads.add': procedure(
    v.strictObject({
      name: v.pipe(v.string(), v.maxLength(1000)),
      base64: v.pipe(v.string(), v.maxLength(56_000_000)),
    }),
    v.object({ media: mediaSchema }),
  ),
  /**
   * Imports the sample, creates a project and trains on the starter: one click to a first adapter.
   */
  'sample.start': procedure(nothingSchema, task),
};
