import type * as v from 'valibot';
import type { Field } from '../../shared/fields/field.ts';
import { METHODS, type Method, type Tuning } from '../../shared/methods/registry.ts';
import type { MethodSpec } from '../../shared/methods/method.ts';

/** The options of methods as files have them: in snake case, or as PEFT calls them. */

interface StoredField {
  /** Of the option. */
  readonly name: string;
  readonly key: string;
  readonly field: Field;
}

function storedFields({ options }: MethodSpec): StoredField[] {
  return Object.entries<Field>(options.fields).map(([name, field]) => ({
    name,
    key: field.stored ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    field,
  }));
}

const FIELDS: ReadonlyMap<string, readonly StoredField[]> = new Map(
  METHODS.map((spec) => [spec.name, storedFields(spec as MethodSpec)]),
);

const fieldsOf = (method: Method): readonly StoredField[] => FIELDS.get(method) ?? [];

/** What each key of a method's options must be. */
export function storedSchemas(method: Method): Record<string, v.GenericSchema> {
  return Object.fromEntries(fieldsOf(method).map(({ key, field }) => [key, field.schema]));
}

/** To finish "… must be"; null for a key that is no option of any method. */
export function expectedOf(key: string): string | null {
  const found = [...FIELDS.values()].flat().find((one) => one.key === key);
  return found?.field.expected ?? null;
}

export function optionsToJson({ method, options }: Tuning): Record<string, unknown> {
  const values = new Map(Object.entries(options));
  return Object.fromEntries(fieldsOf(method).map(({ name, key }) => [key, values.get(name)]));
}

/** @param json checked by the schemas of the method */
export function tuningFromJson(method: Method, json: Readonly<Record<string, unknown>>): Tuning {
  const options = Object.fromEntries(fieldsOf(method).map(({ name, key }) => [name, json[key]]));
  // The schemas of a method's fields give the options of that method.
  return { method, options } as Tuning;
}
