import { isDeepStrictEqual } from 'node:util';

/** A field in which two descriptions differ. */
export interface Difference {
  readonly key: string;
  /** As JSON, or "nothing". */
  readonly said: string;
  readonly is: string;
}

/**
 * The first field in which a description of a network differs from the network; fields may be lists,
 * and are left out where they have the default.
 */
export function differenceOf(said: object, is: object): Difference | null {
  const given = new Map<string, unknown>(Object.entries(said));
  const own = new Map<string, unknown>(Object.entries(is));
  for (const key of [...own.keys(), ...given.keys()])
    if (!isDeepStrictEqual(given.get(key), own.get(key)))
      return { key, said: inJson(given.get(key)), is: inJson(own.get(key)) };
  return null;
}

const inJson = (value: unknown): string =>
  value === undefined ? 'nothing' : JSON.stringify(value);
