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
  /** Threads of the engine; 0: as many as the machine has cores. */
  threads: v.pipe(countSchema, v.maxValue(256)),
  device: v.picklist(['auto', 'cpu', 'gpu']),
  /** The welcome was seen. */
  welcomed: v.boolean(),
});
export type Settings = v.InferOutput<typeof settings>;

export const status = v.object({
  version: v.string(),
  /** Folder of the studio's data. */
  home: v.string(),
  /** What is worth telling since the studio was opened. */
  notices: v.array(v.string()),
  /** Runs that the last session left interrupted. */
  interrupted: v.array(idSchema),
  /** Whether the bundled sample is there. */
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
  /** null when no engine starts: `error` says why. */
  device: v.nullable(deviceReportSchema),
  error: v.nullable(errorReportSchema),
  /** The whole of it as text, without names of files or of the user, to paste into a report. */
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
    }),
  ),
  /** More entries than are listed. */
  more: v.boolean(),
  /** Names that are not UTF-8, each foreign byte as `\xE4`: nothing can be done with them here. */
  unnameable: v.array(v.string()),
  /**
   * Where a person is likely to start. `name` is a key that the window has words for (`home`, `desktop`,
   * `documents`, `downloads`, `pictures`, `computer`), or the name of a drive as it is.
   */
  places: v.array(v.object({ name: v.string(), path: v.string() })),
});
export type FileList = v.InferOutput<typeof fileList>;

export const systemProcedures = {
  'system.status': procedure(nothingSchema, status),
  /** Starts an engine to ask it; some seconds. The answer is kept until `again`. */
  'system.diagnose': procedure(v.strictObject({ again: v.boolean() }), diagnosis),
  'settings.get': procedure(nothingSchema, settings),
  'settings.update': procedure(v.partial(settings), settings),
  /** One folder of this machine, for choosing where there is no native dialog. null: the home folder. */
  'files.list': procedure(
    v.strictObject({
      folder: v.nullable(filePathSchema),
      /** Endings with a dot, in lower case; empty: folders only. */
      extensions: extensionsSchema,
    }),
    fileList,
  ),
  'files.makeFolder': procedure(
    v.strictObject({ parent: filePathSchema, name: nameSchema }),
    fileList,
  ),
  /** A picture that was dropped, pasted or photographed, for `predictions.make`. At most 40 MB. */
  'uploads.add': procedure(
    v.strictObject({
      name: v.pipe(v.string(), v.maxLength(1000)),
      base64: v.pipe(v.string(), v.maxLength(56_000_000)),
    }),
    v.object({ media: mediaSchema }),
  ),
  /** Imports the sample, makes a project and trains on the starter: one click to a first adapter. */
  'sample.start': procedure(nothingSchema, task),
};
