import * as v from 'valibot';
import { procedure } from './procedure.ts';
import {
  count,
  errorReport,
  extensions,
  filePath,
  finite,
  id,
  media,
  name,
  nothing,
} from './values.ts';
import { task } from './tasks.ts';

const LANGUAGES = ['system', 'en', 'zh-CN'] as const;
const THEMES = ['system', 'light', 'dark'] as const;

export const settings = v.object({
  language: v.picklist(LANGUAGES),
  theme: v.picklist(THEMES),
  /** Threads of the engine; 0: as many as the machine has cores. */
  threads: v.pipe(count, v.maxValue(256)),
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
  interrupted: v.array(id),
  /** Whether the bundled sample is there. */
  sample: v.boolean(),
});
export type Status = v.InferOutput<typeof status>;

export const diagnosis = v.object({
  machine: v.object({
    platform: v.string(),
    architecture: v.string(),
    processor: v.string(),
    cores: count,
    memoryBytes: count,
    freeMemoryBytes: count,
    diskFreeBytes: v.nullable(count),
  }),
  /** null when no engine starts: `error` says why. */
  device: v.nullable(
    v.object({
      backend: v.picklist(['tensorflow', 'tfjs-cpu']),
      tensorflow: v.nullable(v.string()),
      tfjs: v.string(),
      kernels: v.nullable(v.string()),
      kernelsOff: v.array(v.object({ level: v.string(), reason: v.string() })),
      resamplingOff: v.nullable(v.string()),
      devices: v.array(v.string()),
      device: v.picklist(['cpu', 'gpu']),
      threads: finite,
      node: v.string(),
    }),
  ),
  error: v.nullable(errorReport),
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
      bytes: v.nullable(count),
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
  'system.status': procedure(nothing, status),
  /** Starts an engine to ask it; some seconds. The answer is kept until `again`. */
  'system.diagnose': procedure(v.strictObject({ again: v.boolean() }), diagnosis),
  'settings.get': procedure(nothing, settings),
  'settings.update': procedure(v.partial(settings), settings),
  /** One folder of this machine, for choosing where there is no native dialog. null: the home folder. */
  'files.list': procedure(
    v.strictObject({
      folder: v.nullable(filePath),
      /** Endings with a dot, in lower case; empty: folders only. */
      extensions,
    }),
    fileList,
  ),
  'files.makeFolder': procedure(v.strictObject({ parent: filePath, name }), fileList),
  /** A picture that was dropped, pasted or photographed, for `predictions.make`. At most 40 MB. */
  'uploads.add': procedure(
    v.strictObject({
      name: v.pipe(v.string(), v.maxLength(1000)),
      base64: v.pipe(v.string(), v.maxLength(56_000_000)),
    }),
    v.object({ media }),
  ),
  /** Imports the sample, makes a project and trains on the starter: one click to a first adapter. */
  'sample.start': procedure(nothing, task),
};
