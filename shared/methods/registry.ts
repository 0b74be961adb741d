import type { NoOptions, OptionsOf } from '../fields/group.ts';
import { adaptformer } from './adaptformer.ts';
import { bitfit } from './bitfit.ts';
import { difffit } from './difffit.ts';
import { dora } from './dora.ts';
import { fact } from './fact.ts';
import { full } from './full.ts';
import { karst } from './karst.ts';
import { linear } from './linear.ts';
import { lntune } from './lntune.ts';
import { lokr } from './lokr.ts';
import { lora } from './lora.ts';
import type { MethodSpec } from './method.ts';
import { repadapter } from './repadapter.ts';
import { ssf } from './ssf.ts';
import { vpt } from './vpt.ts';

/** Every method, in display order. */
export const METHODS = [
  karst,
  lora,
  dora,
  lokr,
  fact,
  repadapter,
  ssf,
  difffit,
  bitfit,
  lntune,
  vpt,
  adaptformer,
  linear,
  full,
] as const;

type AnyMethod = (typeof METHODS)[number];
export type Method = AnyMethod['name'];
/** The method of a run that does not name one. */
export const DEFAULT_METHOD = METHODS[0].name;

type PresetsOf<M> = M extends { readonly presets: infer P } ? keyof P & string : never;
/** Names of the methods' presets. */
export type MethodPresetName = PresetsOf<AnyMethod>;

/** The options of a method. */
export type MethodOptions<M extends Method> = OptionsOf<
  Extract<AnyMethod, { readonly name: M }>['options']
>;

/** A method with its options. */
export type Tuning = {
  readonly [M in Method]: { readonly method: M; readonly options: MethodOptions<M> };
}[Method];

/** The options of every method with options, by name. */
export type MethodGroups = {
  readonly [M in Method as MethodOptions<M> extends NoOptions ? never : M]: MethodOptions<M>;
};
export type MethodWithOptions = keyof MethodGroups;

/** Methods that have options. */
export const METHODS_WITH_OPTIONS = METHODS.filter(
  ({ options }) => Object.keys(options.fields).length > 0,
) as readonly Extract<AnyMethod, { readonly name: MethodWithOptions }>[];

export const METHOD_NAMES = METHODS.map(({ name }) => name);

export function methodSpec(name: Method): MethodSpec {
  const found = METHODS.find((method) => method.name === name);
  if (found === undefined) throw new RangeError(`there is no method "${name}"`);
  return found as MethodSpec;
}
