import * as v from 'valibot';
import type { Field, FieldValue } from './field.ts';

/** The values of a group by the names of its fields. */
export type Options = Readonly<Record<string, FieldValue>>;

/** Of a group without fields. */
export type NoOptions = Readonly<Record<string, never>>;

/** Related fields, as an object of their values. */
export interface FieldGroup<O> {
  readonly fields: { readonly [K in keyof O]: O[K] extends FieldValue ? Field<O[K]> : never };
  readonly defaults: O;
  /** The object with every value within its limits. */
  readonly schema: v.GenericSchema<unknown, O>;
  /** The object with every value of the right kind; see `Field.looseSchema`. */
  readonly looseSchema: v.GenericSchema<unknown, O>;
}

/** The object that a group describes. */
export type OptionsOf<G> = G extends FieldGroup<infer O> ? O : never;

/** A group, possibly without fields. */
export function group<O extends Options>(fields: {
  readonly [K in keyof O]: Field<O[K]>;
}): FieldGroup<Readonly<O>> {
  const entries = Object.entries<Field>(fields);
  const each = <T>(take: (field: Field) => T): Record<string, T> =>
    Object.fromEntries(entries.map(([name, field]) => [name, take(field)]));
  // The results have the names and types of `fields`, from which they are built.
  return {
    fields,
    defaults: each((field) => field.default),
    schema: v.strictObject(each((field) => field.schema)),
    looseSchema: v.object(each((field) => field.looseSchema)),
  } as unknown as FieldGroup<Readonly<O>>;
}
