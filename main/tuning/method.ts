import type { MethodSpec } from '../../shared/methods/method.ts';
import type { ModelSpec } from '../../shared/models/spec.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build, Weights } from '../networks/build.ts';

/** Tensors by their stored names. */
export type Tensors = ReadonlyMap<string, Float32Array>;

/** The program that a method is attached to. */
export interface Attachment {
  /** Whether gradients will be computed. */
  readonly training: boolean;
  /** Inputs for the method's noise; empty outside training. */
  readonly noise: ReadonlyMap<string, Tensor>;
}

/**
 * The computation of a method. `attach` defines its change to the network in the graph language.
 * `delta` defines the equivalent change of the backbone's tensors, in float64 and independently of
 * the graph; comparing the two verifies a merge.
 */
export interface TuningMethod<O = unknown> {
  readonly spec: MethodSpec<string, O>;
  /** Returns a build with the method applied. */
  readonly attach: (build: Build, model: ModelSpec, options: O, attachment: Attachment) => Build;
  /**
   * Yields W* − W of each backbone tensor that changes, in turn, row-major; bias* for a bias that
   * the backbone does not have. null if the method cannot be expressed in the backbone's tensors,
   * and so cannot be merged.
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
   * Returns W* of the same tensors in the graph language. Computed once, it makes later calls as
   * cheap as the backbone's. null if `delta` is null.
   */
  readonly merged:
    ((model: ModelSpec, options: O, param: Weights) => ReadonlyMap<string, Tensor>) | null;
}
