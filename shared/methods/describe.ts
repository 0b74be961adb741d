import type { Field } from '../fields/field.ts';
import { methodSpec, type Tuning } from './registry.ts';

/**
 * A method with its options in one line of English: `KARST, rank 8, kernels 2, …`. Options that are
 * off are omitted.
 */
export function describeTuning({ method, options }: Tuning): string {
  const spec = methodSpec(method);
  const fields = Object.entries<Field>(spec.options.fields);
  const values: Readonly<Record<string, unknown>> = { ...options };
  const told = fields.flatMap(([name, { off }]) => {
    const value = values[name];
    if (value === off) return [];
    const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return [`${words} ${Array.isArray(value) ? value.join(', ') : String(value)}`];
  });
  return [spec.title, ...told].join(', ');
}
