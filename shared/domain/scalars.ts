import * as v from 'valibot';

/** Schemas of single numbers and texts, for values that are kept or sent. */

export const finiteSchema = v.pipe(v.number(), v.finite());
/** Whole numbers that a number can hold exactly, as SQLite does. */
export const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const integerSchema = v.pipe(v.number(), v.integer());
export const fractionSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** Neither NUL, which no file name and no text of the library can hold, nor half a character. */
export const wholeText = v.regex<string, string>(
  /^[^\0\p{Surrogate}]*$/u,
  'Invalid text: it holds a NUL or half of a character',
);

/** Of an entry of the library. */
export const idSchema = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200), wholeText);
