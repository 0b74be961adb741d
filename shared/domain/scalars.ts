import * as v from 'valibot';

/** Schemas of numbers and texts that are stored or sent. */

export const finiteSchema = v.pipe(v.number(), v.finite());
/** Safe integers, also exact in SQLite. */
export const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const integerSchema = v.pipe(v.number(), v.integer());
export const fractionSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** Without NUL, which file names and the library cannot contain, and without lone surrogates. */
export const wholeText = v.regex<string, string>(
  /^[^\0\p{Surrogate}]*$/u,
  'Invalid text: it holds a NUL or half of a character',
);

/** Of an entry of the library. */
export const idSchema = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200), wholeText);
