import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import type { Dim } from '../../graph/dim.ts';
import * as g from '../../graph/operations.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import type { ProgramFunction, Update } from '../../graph/program.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Weights } from '../../networks/build.ts';
import type { Model } from '../model/model.ts';
import { adamState } from './optimizer.ts';
import { parameterGroups, type ParameterGroup } from './parameters.ts';
import { imagesInput, weightsOf, type PackedProgram } from './weights.ts';

/** A group of trained tensors, and the variable that holds them one behind the other. */
interface Packed {
  readonly group: ParameterGroup;
  readonly parameters: Variable;
}

export interface EvaluationOptions {
  /** Adds the function `evaluateOne`, so that a single image needs no padding. */
  readonly single?: boolean;
  /** Default highest. */
  readonly matmulPrecision?: MatmulPrecision;
}

/**
 * The function `evaluate`: images → logits with the current weights, for a fixed batch size, or for
 * any if the batch is open. A model that is merged before use also has a function `merge`, to be
 * called once before.
 */
export function evaluationProgram(
  model: Model,
  batchSize: Dim,
  { single = false, matmulPrecision = 'highest' }: EvaluationOptions = {},
): PackedProgram {
  const groups = parameterGroups(model.trainedTensors, 'all');
  const packed = groups.map((group) => ({ group, parameters: adamState(group).parameters }));
  const { weights, frozen } = weightsOf(model, packed);
  const variables = [...frozen, ...packed.map((p) => p.parameters)];
  const functions: Record<string, ProgramFunction> = {
    evaluate: evaluateFunction(model, weights, batchSize, matmulPrecision),
  };
  if (single) functions['evaluateOne'] = evaluateFunction(model, weights, 1, matmulPrecision);
  const merged = model.merged?.(weights) ?? new Map<string, Tensor>();
  if (merged.size > 0) functions['merge'] = mergeFunction(frozen, packed, weights, merged);
  return { program: { variables, functions }, groups };
}

function mergeFunction(
  frozen: readonly Variable[],
  packed: readonly Packed[],
  weights: Weights,
  merged: ReadonlyMap<string, Tensor>,
): ProgramFunction {
  const updates = frozen.flatMap((variable): Update[] => {
    const value = merged.get(variable.attributes.name);
    return value === undefined ? [] : [{ variable, value }];
  });
  // What is trained in place may be changed by the merge, too.
  for (const { group, parameters } of packed) {
    if (!group.tensors.some(({ name }) => merged.has(name))) continue;
    const values = group.tensors.map(({ name, size }) =>
      g.reshape(merged.get(name) ?? weights(name), [size]),
    );
    updates.push({ variable: parameters, value: g.concat(values, 0) });
  }
  // A call needs an output.
  return { inputs: [], outputs: { done: g.scalar(1) }, updates };
}

export function evaluateFunction(
  model: Model,
  weights: Weights,
  batchSize: Dim,
  matmulPrecision: MatmulPrecision,
): ProgramFunction {
  const images = imagesInput(model, batchSize);
  const logits = model.logits(images, weights);
  return { inputs: [images], outputs: { logits }, updates: [], matmulPrecision };
}
