import type { Field } from '../../shared/fields/field.ts';
import { METHODS, type Method } from '../../shared/methods/registry.ts';
import type { MethodSpec } from '../../shared/methods/method.ts';
import { plain, record, snakeCase, type StoredRecord } from './stored-record.ts';

/** The options of methods as files have them: in snake case, or as PEFT calls them. */

const fieldsOf = ({ options }: MethodSpec): [string, Field][] =>
  Object.entries<Field>(options.fields);

function storedOptions(spec: MethodSpec): StoredRecord<object> {
  const fields = fieldsOf(spec);
  return record(
    Object.fromEntries(fields.map(([name, { schema }]) => [name, plain(schema)])),
    Object.fromEntries(
      fields.flatMap(([name, { stored }]) => (stored === undefined ? [] : [[name, stored]])),
    ),
  );
}

const SPECS = METHODS.map((spec) => spec as MethodSpec);
const OPTIONS: ReadonlyMap<string, StoredRecord<object>> = new Map(
  SPECS.map((spec) => [spec.name, storedOptions(spec)]),
);

export function optionsOf(method: Method): StoredRecord<object> {
  const options = OPTIONS.get(method);
  if (options === undefined) throw new RangeError(`there is no method "${method}"`);
  return options;
}

/** To finish "… must be"; null for a key that is no option of any method. */
export function expectedOf(key: string): string | null {
  const found = SPECS.flatMap(fieldsOf).find(
    ([name, { stored }]) => (stored ?? snakeCase(name)) === key,
  );
  return found?.[1].expected ?? null;
}
