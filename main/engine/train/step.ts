import type { MatmulPrecision, OptimizerOptions } from '../../../shared/domain/training.ts';
import { modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import type { Model } from '../model/model.ts';
import { gradients } from '../../graph/differentiate.ts';
import * as g from '../../graph/operations.ts';
import type { Input } from '../../graph/ops/input.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import type { Program, ProgramFunction, Update } from '../../graph/program.ts';
import { GraphError, sizeOf, type Tensor } from '../../graph/tensor.ts';
import { plainBuild, type Weights } from '../../networks/build.ts';
import { networkOf } from '../../networks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import { muonState, muonUpdates, type MuonState } from './muon.ts';
import { adamState, adamUpdates, globalNorm, type AdamState } from './optimizer.ts';
import type { StepNoise } from './noise.ts';
import { parameterGroups, sliceGroup, type ParameterGroup } from './parameters.ts';

export interface StepOptions {
  readonly batchSize: number;
  readonly loss: Task['loss'];
  readonly optimizer: OptimizerOptions;
  /** Batches summed before an update. */
  readonly accumulate: number;
  /** Of every function (default highest). */
  readonly matmulPrecision?: MatmulPrecision;
  /** Inputs of random numbers; where some are for dropping patches, there are functions that drop them. None by default. */
  readonly noise?: readonly StepNoise[];
}

type OptimizerState = AdamState | MuonState;

/**
 * The functions of a step. Those `…Dropping` see only the patches that the input `patchDrop` names; `apply` is the
 * update after accumulated batches of either kind.
 */
export const stepFunction = (accumulate: boolean, dropping: boolean): string =>
  (accumulate ? 'accumulate' : 'train') + (dropping ? 'Dropping' : '');

export interface TrainingProgram {
  readonly program: Program;
  readonly groups: readonly ParameterGroup[];
}

/** Where each named tensor of a model comes from: a frozen variable or a slice of a packed trained one. */
function weightsOf(
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

function imagesInput(model: Model, batch: number): Input {
  return g.input('images', [batch, ...model.input]);
}

/** images → class-token features (batch, width) of a frozen backbone: the function `features`. */
export function featureProgram(
  architecture: Architecture,
  batchSize: number,
  matmulPrecision: MatmulPrecision = 'highest',
): Program {
  const frozen = modelSpec(architecture).tensors.map(({ name, shape }) => g.variable(name, shape));
  const byName = new Map(frozen.map((v) => [v.attributes.name, v]));
  const weights: Weights = (name) => {
    const found = byName.get(name);
    if (found === undefined) throw new GraphError(`the backbone has no tensor "${name}"`);
    return found;
  };
  const { imageSize, layerNormEpsilon } = architecture;
  const images = g.input('images', [batchSize, 3, imageSize, imageSize]);
  const hasBias = (module: string): boolean => byName.has(`${module}.bias`);
  const build = plainBuild(weights, { hasBias, layerNormEpsilon });
  const features = networkOf(architecture).features(images, architecture, build);
  return {
    variables: frozen,
    functions: {
      features: { inputs: [images], outputs: { features }, updates: [], matmulPrecision },
    },
  };
}

export interface EvaluationOptions {
  /** With the function `evaluateOne` besides, for which one image need not be padded to a batch. */
  readonly single?: boolean;
  /** Default highest. */
  readonly matmulPrecision?: MatmulPrecision;
}

/**
 * images → logits with the present weights: the function `evaluate`. A model that is merged before use has a function
 * `merge` besides, to be called once before it.
 */
export function evaluationProgram(
  model: Model,
  batchSize: number,
  { single = false, matmulPrecision = 'highest' }: EvaluationOptions = {},
): TrainingProgram {
  const groups = parameterGroups(model.trainedTensors, 'all');
  const packed = groups.map((group) => ({ group, parameters: adamState(group).parameters }));
  const { weights, frozen } = weightsOf(model, packed);
  const variables = [...frozen, ...packed.map((p) => p.parameters)];
  const functions: Record<string, ProgramFunction> = {
    evaluate: evaluateFunction(model, weights, batchSize, matmulPrecision),
  };
  if (single) functions['evaluateOne'] = evaluateFunction(model, weights, 1, matmulPrecision);
  const merged = model.merged?.(weights) ?? new Map<string, Tensor>();
  if (merged.size > 0) functions['merge'] = mergeFunction(frozen, merged);
  return { program: { variables, functions }, groups };
}

function mergeFunction(
  frozen: readonly Variable[],
  merged: ReadonlyMap<string, Tensor>,
): ProgramFunction {
  const updates = frozen.flatMap((variable): Update[] => {
    const value = merged.get(variable.attributes.name);
    return value === undefined ? [] : [{ variable, value }];
  });
  // A call is made by asking for an output.
  return { inputs: [], outputs: { done: g.scalar(1) }, updates };
}

function evaluateFunction(
  model: Model,
  weights: Weights,
  batchSize: number,
  matmulPrecision: MatmulPrecision,
): ProgramFunction {
  const images = imagesInput(model, batchSize);
  const logits = model.logits(images, weights);
  return { inputs: [images], outputs: { logits }, updates: [], matmulPrecision };
}

/**
 * One optimizer step as one call: `train` (forward, backward, clip, update), or with accumulation `accumulate`
 * for every batch and `apply` for the update. `evaluate` shares the variables.
 */
export function trainingProgram(model: Model, o: StepOptions): TrainingProgram {
  const { matmulPrecision = 'highest' } = o;
  const groups = parameterGroups(model.trainedTensors, o.optimizer.decayOn, o.optimizer.name);
  const states = groups.map((group): OptimizerState =>
    group.name === 'orthogonal' ? muonState(group) : adamState(group),
  );
  const { weights, frozen, slices } = weightsOf(model, states);
  const functions: Record<string, ProgramFunction> = {
    evaluate: evaluateFunction(model, weights, o.batchSize, matmulPrecision),
  };
  const sums =
    o.accumulate > 1 ? groups.map((group) => g.variable(`sum.${group.name}`, [group.size])) : [];
  const { noise = [] } = o;
  for (const dropping of noise.some((one) => one.dropping) ? [false, true] : [false]) {
    const used = noise.filter((one) => !one.dropping || dropping);
    const batch = forwardBackward(model, slices, weights, o, used);
    const name = stepFunction(o.accumulate > 1, dropping);
    if (o.accumulate === 1) {
      const { inputs, outputs, updates } = update(states, batch.gradients, o.optimizer);
      functions[name] = {
        inputs: [...batch.inputs, ...inputs],
        outputs: { ...batch.outputs, ...outputs },
        updates,
        matmulPrecision,
      };
    } else {
      functions[name] = {
        inputs: batch.inputs,
        outputs: batch.outputs,
        updates: sums.map((sum, i) => ({
          variable: sum,
          value: g.add(sum, batch.gradients[i]!),
        })),
        matmulPrecision,
      };
    }
  }
  if (o.accumulate > 1) {
    const applied = update(states, sums, o.optimizer);
    const cleared = sums.map((sum): Update => ({
      variable: sum,
      value: g.broadcastTo(g.scalar(0), sum.shape),
    }));
    functions['apply'] = { ...applied, updates: [...applied.updates, ...cleared] };
  }
  const moments = states.flatMap((s) =>
    s.kind === 'muon' ? [s.parameters, s.momentum] : [s.parameters, s.moment1, s.moment2],
  );
  return { program: { variables: [...frozen, ...moments, ...sums], functions }, groups };
}

function forwardBackward(
  model: Model,
  slices: readonly Map<string, Tensor>[],
  weights: Weights,
  { batchSize, loss: lossOf }: StepOptions,
  noise: readonly StepNoise[],
): { inputs: Input[]; outputs: Record<string, Tensor>; gradients: Tensor[] } {
  const images = imagesInput(model, batchSize);
  const targets = g.input('targets', [batchSize, model.classes]);
  const sampleWeights = g.input('weights', [batchSize]);
  const random = noise.map(({ name, shape }) => g.input(name, shape));
  const inputs = [images, targets, sampleWeights, ...random];
  const byName = new Map(random.map((tensor) => [tensor.attributes.name, tensor]));
  const logits = model.logits(images, weights, byName);
  const loss = lossOf(logits, targets, sampleWeights);
  // Differentiated by tensor and packed again: the gradient of a slice would be a padded copy of the whole vector.
  const tensors = slices.flatMap((slice) => [...slice.values()]);
  const flat = gradients(loss, tensors).map((d) => g.reshape(d, [sizeOf(d.shape)]));
  const packed = slices.map((slice) => g.concat(flat.splice(0, slice.size), 0));
  return { inputs, outputs: { loss, logits }, gradients: packed };
}

/** Clipping by the global norm, then every group's update by its optimizer. */
function update(
  states: readonly OptimizerState[],
  raw: readonly Tensor[],
  optimizer: OptimizerOptions,
): ProgramFunction {
  const scalars = g.input('scalars', [4]);
  const gradientNorm = globalNorm(raw);
  const { clipNorm } = optimizer;
  const shrink = g.minimum(
    g.scalar(1),
    g.div(g.scalar(clipNorm), g.add(gradientNorm, g.scalar(1e-6))),
  );
  const clipped = clipNorm > 0 ? raw.map((d) => g.mul(d, shrink)) : raw;
  return {
    inputs: [scalars],
    outputs: { gradientNorm },
    updates: states.flatMap((state, i) =>
      state.kind === 'muon'
        ? muonUpdates(state, clipped[i]!, scalars, optimizer)
        : adamUpdates(state, clipped[i]!, scalars, optimizer),
    ),
  };
}
