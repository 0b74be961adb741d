import * as v from 'valibot';

/** How a value stands in a JSON file: one definition for the type, for checking, reading and writing. */
export interface Stored<T> {
  /** Checks what the file has and gives the value. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** What the file gets for the value; undefined leaves it out. */
  write(value: T): unknown;
}

export type ValueOf<F> = F extends Stored<infer T> ? T : never;
/** The values of a record by the names that they have in the code. */
export type ValuesOf<F> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** An object of a file, or a part of one, whose keys are in snake case or as they are named. */
export interface StoredRecord<T> {
  /** What each key of the file must hold. */
  readonly entries: v.ObjectEntries;
  /** @param checked what `entries` let through; other keys are passed over */
  read(checked: Readonly<Record<string, unknown>>): T;
  write(values: T): Record<string, unknown>;
}

export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A value that stands in the file as it is. */
export function plain<T>(schema: v.GenericSchema<unknown, T>): Stored<T> {
  return { schema, write: (value) => value };
}

export function orNull<T>(stored: Stored<T>): Stored<T | null> {
  return {
    schema: v.nullable(stored.schema),
    write: (value) => (value === null ? null : stored.write(value)),
  };
}

/**
 * @param fields by the names that they have in the code
 * @param keys keys of the file that are not the names in snake case
 */
export function record<F extends Readonly<Record<string, Stored<unknown>>>>(
  fields: F,
  keys: { readonly [K in keyof F]?: string } = {},
): StoredRecord<ValuesOf<F>> {
  const parts = Object.entries<Stored<unknown>>(fields).map(([name, stored]) => ({
    ...{ name, stored },
    key: keys[name] ?? snakeCase(name),
  }));
  return {
    entries: Object.fromEntries(parts.map(({ key, stored }) => [key, stored.schema])),
    read: (checked) =>
      // Each value is what the schema of its key gave.
      Object.fromEntries(
        parts
          .filter(({ key }) => Object.hasOwn(checked, key))
          .map(({ name, key }): [string, unknown] => [name, checked[key]]),
      ) as ValuesOf<F>,
    write: (values) => {
      const given = new Map<string, unknown>(Object.entries(values as object));
      return Object.fromEntries(
        parts
          .map(({ name, key, stored }): [string, unknown] => [
            key,
            given.has(name) ? stored.write(given.get(name)) : undefined,
          ])
          .filter(([, value]) => value !== undefined),
      );
    },
  };
}

/** A record that is an object of its own, and has no other keys. */
export function object<T>(of: StoredRecord<T>): Stored<T> {
  return {
    schema: v.pipe(
      v.strictObject(of.entries),
      v.transform((checked) => of.read(checked)),
    ),
    write: (value) => of.write(value),
  };
}
