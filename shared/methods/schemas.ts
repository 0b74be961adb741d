import type * as v from 'valibot';
import { METHODS_WITH_OPTIONS, type MethodGroups } from './registry.ts';

type Schemas = { readonly [M in keyof MethodGroups]: v.GenericSchema<unknown, MethodGroups[M]> };

/** Of the options of every method that has any: every value within its limits. */
export const OPTION_SCHEMAS = Object.fromEntries(
  METHODS_WITH_OPTIONS.map(({ name, options }) => [name, options.schema]),
) as Schemas;

/** The same, every value of the right kind. */
export const LOOSE_OPTION_SCHEMAS = Object.fromEntries(
  METHODS_WITH_OPTIONS.map(({ name, options }) => [name, options.looseSchema]),
) as Schemas;
