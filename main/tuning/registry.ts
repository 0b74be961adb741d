import type { Method, MethodOptions, Tuning } from '../../shared/methods/registry.ts';
import { modelSpec, type Architecture } from '../../shared/models/registry.ts';
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
import type { TuningMethod } from './method.ts';
import { repadapter } from './repadapter.ts';
import { ssf } from './ssf.ts';
import { tune, type Tuner } from './tuner.ts';
import { vpt } from './vpt.ts';

/** The computations of all methods. */
const METHODS: { readonly [M in Method]: TuningMethod<MethodOptions<M>> } = {
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
};

/** Returns a method with its options for one architecture. */
export function tunerOf({ method, options }: Tuning, architecture: Architecture): Tuner {
  // The type `Tuning` guarantees that the options belong to the method.
  return tune(METHODS[method] as TuningMethod, options, modelSpec(architecture));
}
