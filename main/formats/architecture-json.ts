import * as v from 'valibot';
import {
  families,
  familyOf,
  withCurrentNames,
  type Architecture,
} from '../../shared/models/registry.ts';

/**
 * Architectures in JSON files: the fields that their family declares, in snake case as Hugging Face has its own
 * (`imageSize` is `image_size`). Optional fields are left out where they are not set.
 */

const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** An architecture in a file: every field within its limits, no others; former names of fields are taken. */
export const architectureJson = v.pipe(
  v.looseObject({ family: v.string() }),
  v.transform((value) => withCurrentNames(value, snakeCase)),
  v.variant(
    'family',
    families.map(({ family, fields }) =>
      v.strictObject({
        family: v.literal(family),
        ...Object.fromEntries(
          Object.entries(fields).map(([name, field]) => [snakeCase(name), field]),
        ),
      }),
    ),
  ),
);

export function architectureToJson(a: Architecture): Record<string, unknown> {
  const names = Object.keys(familyOf(a).fields);
  const values = new Map<string, unknown>(Object.entries(a));
  return Object.fromEntries(
    ['family', ...names]
      .filter((name) => values.has(name))
      .map((name) => [snakeCase(name), values.get(name)]),
  );
}

/** @param value taken by `architectureJson` */
export function architectureFromJson(value: v.InferOutput<typeof architectureJson>): Architecture {
  const fields = Object.entries(value).map(([name, field]) => [camelCase(name), field] as const);
  // The schema has looked at every field.
  return Object.fromEntries(fields) as unknown as Architecture;
}
