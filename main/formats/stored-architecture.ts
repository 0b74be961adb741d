import * as v from 'valibot';
import {
  families,
  familyOf,
  withCurrentNames,
  type Architecture,
} from '../../shared/models/registry.ts';
import { plain, record, snakeCase, type Stored, type StoredRecord } from './stored-record.ts';

/**
 * Architectures in JSON files: the fields that their family declares, in snake case as Hugging Face has its own
 * (`imageSize` is `image_size`). Optional fields are left out where they are not set.
 */
const RECORDS: ReadonlyMap<string, StoredRecord<object>> = new Map(
  families.map(({ family, fields }) => [
    family,
    record({
      family: plain(v.literal(family)),
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, plain(field)])),
    }),
  ]),
);

const recordOf = (family: string): StoredRecord<object> =>
  RECORDS.get(family) ?? record({ family: plain(v.string()) });

/** Every field within its limits, no others; former names of fields are taken. */
export const storedArchitecture: Stored<Architecture> = {
  schema: v.pipe(
    v.looseObject({ family: v.string() }),
    v.transform((value) => withCurrentNames(value, snakeCase)),
    v.variant(
      'family',
      families.map(({ family }) =>
        v.strictObject({ ...recordOf(family).entries, family: v.literal(family) }),
      ),
    ),
    // The schema has looked at every field.
    v.transform((checked) => recordOf(checked.family).read(checked) as Architecture),
  ),
  write: (architecture) => recordOf(familyOf(architecture).family).write(architecture),
};
