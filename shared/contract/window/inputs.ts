import * as v from 'valibot';
import { countSchema, wholeText } from '../../domain/scalars.ts';

/** Schemas of user input in a window. */

export const nameSchema = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(200), wholeText);
/** A search text. */
export const searchTextSchema = v.pipe(v.string(), v.maxLength(500), wholeText);
/** Notes. */
export const notesTextSchema = v.pipe(v.string(), v.maxLength(100_000), wholeText);
/** The host's platform; undefined in a window, which leaves validation of paths to the host. */
const platform = (globalThis as { process?: { platform?: string } }).process?.platform;
/** Beginnings of absolute paths. `C:\` is a relative file name where there are no drives. */
const ROOT = platform === undefined || platform === 'win32' ? /^(?:[/\\]|[A-Za-z]:[/\\])/ : /^\//;
/** Absolute: a window does not know the host's working directory. */
export const filePathSchema = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.maxLength(4096),
  wholeText,
  v.regex(ROOT, 'Invalid path: it does not begin at the root'),
);
/** File extensions. */
export const extensionsSchema = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(100))),
  v.maxLength(200),
);
export const nothingSchema = v.strictObject({});

/** A page of a long list: `total` counts all matches, `offset` and `limit` select from them. */
export const page = { offset: countSchema, limit: v.pipe(countSchema, v.maxValue(1000)) };

/**
 * Identifies a picture without its path: `/media/<id>?size=<pixels>`, by HTTP or the window's
 * scheme.
 */
export const mediaSchema = v.pipe(v.string(), v.regex(/^[\w.-]{1,120}$/));
