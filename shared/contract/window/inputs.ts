import * as v from 'valibot';
import { countSchema, wholeText } from '../../domain/scalars.ts';

/** Schemas of what somebody at a window types or chooses. */

export const nameSchema = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(200), wholeText);
/** What somebody typed to search for it. */
export const searchTextSchema = v.pipe(v.string(), v.maxLength(500), wholeText);
/** Whatever somebody wrote down. */
export const notesTextSchema = v.pipe(v.string(), v.maxLength(100_000), wholeText);
/** The host's system; undefined in a window, which leaves it to the host to judge paths. */
const platform = (globalThis as { process?: { platform?: string } }).process?.platform;
/** How paths begin that do. `C:\` is a file beside the host where the system is none that knows drives. */
const ROOT = platform === undefined || platform === 'win32' ? /^(?:[/\\]|[A-Za-z]:[/\\])/ : /^\//;
/** From the root on: nobody at a window knows in which folder the host happens to stand. */
export const filePathSchema = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.maxLength(4096),
  wholeText,
  v.regex(ROOT, 'Invalid path: it does not begin at the root'),
);
/** Endings of file names. */
export const extensionsSchema = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(100))),
  v.maxLength(200),
);
export const nothingSchema = v.strictObject({});

/** Part of a long list: `total` counts what the filter leaves, `offset` and `limit` choose from it. */
export const page = { offset: countSchema, limit: v.pipe(countSchema, v.maxValue(1000)) };

/** Names a picture without its path: `/media/<id>?size=<pixels>`, by HTTP or by the window's own scheme. */
export const mediaSchema = v.pipe(v.string(), v.regex(/^[\w.-]{1,120}$/));
