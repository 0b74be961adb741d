import type { MethodSpec } from '../../shared/methods/method.ts';
import type { ModelSpec } from '../../shared/models/spec.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build, Weights } from '../networks/build.ts';

/** Tensors by name, as they are stored. */
export type Tensors = ReadonlyMap<string, Float32Array>;

/** How a model is used that a method is attached to. */
export interface Attachment {
  /** Whether gradients will be asked for. */
  readonly training: boolean;
  /** Of the method's noise, what this program has inputs for; none outside training. */
  readonly noise: ReadonlyMap<string, Tensor>;
}

/**
 * The computation of a method. `attach` says in the graph language how it changes the network. `delta` says by the method's
 * definition, in float64 and independently of the graph, what it comes to in the backbone's own tensors; a merge is proved by
 * comparing the two.
 */
export interface TuningMethod<O = unknown> {
  readonly spec: MethodSpec<string, O>;
  /** Puts the method into the functions that a network is built with. */
  readonly attach: (build: Build, model: ModelSpec, options: O, attachment: Attachment) => Build;
  /**
   * W* − W of each tensor of the backbone that changes, one after the other, row-major; of a bias that the backbone does not
   * have, bias*. null: no tensors of the backbone can hold the method, so that it cannot be merged.
   */
  readonly delta:
    | ((
        model: ModelSpec,
        options: O,
        adapter: Tensors,
        backbone: Tensors,
      ) => Iterable<readonly [name: string, difference: Float64Array]>)
    | null;
  /**
   * W* of the same tensors in the graph language: computed once, it makes every later call cost what the backbone costs. null
   * where `delta` is.
   */
  readonly merged:
    ((model: ModelSpec, options: O, param: Weights) => ReadonlyMap<string, Tensor>) | null;
}
