import type { FieldGroup } from '../../shared/fields/group.ts';

/** English words of a group's settings: the names given here, the explanations from where the settings are defined. */
export function settingWords<O>(
  { fields }: FieldGroup<O>,
  names: Readonly<Record<keyof O & string, string>>,
): Readonly<Record<keyof O & string, { readonly name: string; readonly text: string }>> {
  type Words = ReturnType<typeof settingWords<O>>;
  const keys = Object.keys(names) as (keyof O & string)[];
  const words = keys.map((key) => [key, { name: names[key], text: fields[key].help }]);
  return Object.fromEntries(words) as Words;
}
