import type { Method, MethodOptions, Tuning } from '../../shared/methods/registry.ts';
import { modelSpec, type Architecture } from '../../shared/models/registry.ts';
import { full } from './full.ts';
import { karst } from './karst.ts';
import { linear } from './linear.ts';
import { lora } from './lora.ts';
import type { TuningMethod } from './method.ts';
import { tune, type Tuner } from './tuner.ts';

/** The computation of every method: one line for each. */
const METHODS: { readonly [M in Method]: TuningMethod<MethodOptions<M>> } = {
  karst,
  lora,
  linear,
  full,
};

/** A method with its options on a network. */
export function tunerOf({ method, options }: Tuning, architecture: Architecture): Tuner {
  // That the options are those of the method is what the type of a tuning says.
  return tune(METHODS[method] as TuningMethod, options, modelSpec(architecture));
}
