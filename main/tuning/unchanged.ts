import type { MethodSpec } from '../../shared/methods/method.ts';
import type { TuningMethod } from './method.ts';

/** A method that adds nothing to the network: its trained tensors are the backbone's own. */
export function unchanged<O>(spec: MethodSpec<string, O>): TuningMethod<O> {
  return {
    spec,
    attach: (build) => build,
    delta: () => [],
    merged: () => new Map(),
  };
}
