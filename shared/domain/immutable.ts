import type * as v from 'valibot';

/** The same type, deeply read-only. */
export type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/** The output type of a schema. */
export type Checked<S extends v.GenericSchema> = Immutable<v.InferOutput<S>>;

/** The schema with a read-only output type. */
export function immutable<S extends v.GenericSchema>(
  schema: S,
): v.GenericSchema<unknown, Checked<S>> {
  // Only the type changes; a value may always be treated as read-only.
  return schema as unknown as v.GenericSchema<unknown, Checked<S>>;
}
