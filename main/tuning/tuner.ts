import type { MethodSpec } from '../../shared/methods/method.ts';
import type { ModelSpec, TensorSpec } from '../../shared/models/spec.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build, Weights } from '../networks/build.ts';
import type { Attachment, Tensors, TuningMethod } from './method.ts';

/** Random numbers that a method needs in each training step. */
export interface MethodNoise {
  /** Name of the step's input and of the random stream. */
  readonly name: string;
  readonly shape: readonly number[];
  /** @param uniform returns the next number of the stream, in [0, 1) */
  readonly draw: (uniform: () => number) => number;
}

/**
 * A method with its options applied to one model; the method-independent interface of the engine.
 */
export interface Tuner {
  readonly spec: Pick<MethodSpec, 'name' | 'title' | 'scope' | 'merges'>;
  readonly model: ModelSpec;
  /** Tensors that the method adds to the model. */
  readonly added: readonly TensorSpec[];
  /** Whether a backbone tensor is trained in place. */
  readonly trainsInPlace: (tensor: TensorSpec) => boolean;
  readonly noise: (batch: number) => readonly MethodNoise[];
  readonly attach: (build: Build, attachment: Attachment) => Build;
  /** See `TuningMethod.delta`. */
  readonly delta:
    | ((
        adapter: Tensors,
        backbone: Tensors,
      ) => Iterable<readonly [name: string, difference: Float64Array]>)
    | null;
  /** See `TuningMethod.merged`. */
  readonly merged: ((param: Weights) => ReadonlyMap<string, Tensor>) | null;
}

export function tune<O>(method: TuningMethod<O>, options: O, model: ModelSpec): Tuner {
  const { spec, delta, merged } = method;
  return {
    spec,
    model,
    added: spec.added(model, options),
    trainsInPlace: spec.trainsInPlace,
    noise: (batch) =>
      spec.noise.flatMap(({ name, shape, draw }): MethodNoise[] => {
        const sides = shape(model, options, batch);
        return sides === null
          ? []
          : [{ name, shape: sides, draw: (uniform) => draw(uniform, options) }];
      }),
    attach: (build, attachment) => method.attach(build, model, options, attachment),
    delta: delta === null ? null : (adapter, backbone) => delta(model, options, adapter, backbone),
    merged: merged === null ? null : (param) => merged(model, options, param),
  };
}
