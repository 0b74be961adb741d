import * as v from 'valibot';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { inWords } from '../../json-words.ts';

/** An object but not a list, which schemas accept as an object without keys. */
export const object = v.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
/** null is as good as absent in the files of Python. */
const absent = <S extends v.GenericSchema>(schema: S) => v.optional(v.nullable(schema));
export const maybe = {
  count: absent(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000))),
  real: absent(v.pipe(v.number(), v.finite())),
  text: absent(v.pipe(v.string(), v.maxLength(1000))),
  flag: absent(v.boolean()),
  object: absent(object),
  counts: absent(v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000)))),
  /** A side, or both where they are equal. */
  side: absent(
    v.pipe(
      v.union([v.number(), v.array(v.number())]),
      v.transform((given) => (typeof given === 'number' ? [given] : given)),
      v.check(
        (sides) => sides.length > 0 && sides.every((one) => one === sides[0]),
        'must be a square',
      ),
      v.transform((sides) => sides[0] ?? 0),
      v.integer(),
      v.minValue(1),
      v.maxValue(65_536),
    ),
  ),
} as const;

export function configFault(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}`, {
    hint: 'Correct the file, or remove it to use what the weights say and the defaults.',
    path,
  });
}

/** @throws format-unsupported naming the key that holds something else */
export function checked<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  path: string,
): v.InferOutput<S> {
  const outcome = v.safeParse(schema, value);
  if (outcome.success) return outcome.output;
  const [issue] = outcome.issues;
  const key = v.getDotPath(issue);
  throw configFault(
    path,
    `${key === null ? 'it' : `"${key}"`} is ${inWords(key === null ? value : issue.input)}, which is not understood (${issue.message}).`,
  );
}

/** What a table has under a word of the file. */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** The entries that have a value. */
export function known<T extends object>(entries: {
  readonly [K in keyof T]: T[K] | null | undefined;
}): Partial<T> {
  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>;
}
