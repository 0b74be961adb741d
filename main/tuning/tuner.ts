import type { MethodSpec } from '../../shared/methods/method.ts';
import type { ModelSpec, TensorSpec } from '../../shared/models/spec.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build, Weights } from '../networks/build.ts';
import type { Attachment, Tensors, TuningMethod } from './method.ts';

/** Random numbers that a method wants in each training step. */
export interface MethodNoise {
  /** Of the step's input, and of the stream that its values are drawn from. */
  readonly name: string;
  readonly shape: readonly number[];
  /** @param uniform the next number of the stream, from 0 to below 1 */
  readonly draw: (uniform: () => number) => number;
}

/** A method with its options on one model: what the engine works with, whatever the method is. */
export interface Tuner {
  readonly spec: Pick<MethodSpec, 'name' | 'title' | 'scope'>;
  readonly model: ModelSpec;
  /** Tensors that the method adds to the model. */
  readonly added: readonly TensorSpec[];
  /** Whether a tensor of the backbone is trained itself. */
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
