import type { Dim } from '../../graph/dim.ts';
import * as g from '../../graph/operations.ts';
import type { Input } from '../../graph/ops/input.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import type { Program } from '../../graph/program.ts';
import { GraphError } from '../../graph/graph-error.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Weights } from '../../networks/build.ts';
import type { Model } from '../model/model.ts';
import { sliceGroup, type ParameterGroup } from './parameters.ts';

/** A program and the layout of the trained tensors in its variables. */
export interface PackedProgram {
  readonly program: Program;
  readonly groups: readonly ParameterGroup[];
}

/** The source of each named tensor of a model: a frozen variable or a slice of a packed one. */
export function weightsOf(
  model: Model,
  packed: readonly { group: ParameterGroup; parameters: Variable }[],
): { weights: Weights; frozen: Variable[]; slices: Map<string, Tensor>[] } {
  const frozen = [...model.frozen].map(([name, shape]) => g.variable(name, shape));
  const slices = packed.map(({ group, parameters }) => sliceGroup(group, parameters));
  const tensors = new Map<string, Tensor>(frozen.map((v) => [v.attributes.name, v]));
  for (const slice of slices) {
    for (const [name, tensor] of slice) tensors.set(name, tensor);
  }
  const weights: Weights = (name) => {
    const found = tensors.get(name);
    if (found === undefined) throw new GraphError(`the model has no tensor "${name}"`);
    return found;
  };
  return { weights, frozen, slices };
}

export function imagesInput(model: Model, batch: Dim): Input {
  return g.input('images', [batch, ...model.input]);
}
