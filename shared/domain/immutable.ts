import type * as v from 'valibot';

/** The same value, no part of which is written to. */
export type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/** What a schema makes sure of. */
export type Checked<S extends v.GenericSchema> = Immutable<v.InferOutput<S>>;

/** The schema as one of values that are not written to. */
export function immutable<S extends v.GenericSchema>(
  schema: S,
): v.GenericSchema<unknown, Checked<S>> {
  // Nothing is changed but the type, and a value may always be taken for one that is only read.
  return schema as unknown as v.GenericSchema<unknown, Checked<S>>;
}
