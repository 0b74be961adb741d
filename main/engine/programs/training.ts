import type { MatmulPrecision, OptimizerOptions } from '../../../shared/domain/training.ts';
import type { Model } from '../model/model.ts';
import { gradients } from '../../graph/differentiate.ts';
import * as g from '../../graph/operations.ts';
import type { Input } from '../../graph/ops/input.ts';
import type { ProgramFunction, Update } from '../../graph/program.ts';
import { sizeOf, type StaticShape, type Tensor } from '../../graph/tensor.ts';
import type { Weights } from '../../networks/build.ts';
import type { Task } from '../../tasks/task.ts';
import { muonState, muonUpdates, type MuonState } from './muon.ts';
import { adamState, adamUpdates, globalNorm, type AdamState } from './optimizer.ts';
import { evaluateFunction } from './evaluation.ts';
import { parameterGroups } from './parameters.ts';
import { imagesInput, weightsOf, type PackedProgram } from './weights.ts';

/** A random input. */
export interface NoiseInput {
  readonly name: string;
  readonly shape: StaticShape;
  /** Only an input of the functions that drop patches. */
  readonly dropping: boolean;
}

export interface StepOptions {
  readonly batchSize: number;
  readonly loss: Task['loss'];
  readonly optimizer: OptimizerOptions;
  /** Batches summed before an update. */
  readonly accumulate: number;
  /** Matmul precision of every function (default highest). */
  readonly matmulPrecision?: MatmulPrecision;
  /**
   * Random inputs, none by default; if they include patch dropping, there are functions that drop
   * patches.
   */
  readonly noise?: readonly NoiseInput[];
}

type OptimizerState = AdamState | MuonState;

/**
 * The functions of a step. Those `…Dropping` see only the patches that the input `patchDrop` names; `apply` is the
 * update after accumulated batches of either kind.
 */
export const stepFunction = (accumulate: boolean, dropping: boolean): string =>
  (accumulate ? 'accumulate' : 'train') + (dropping ? 'Dropping' : '');

/**
 * One call per optimizer step: `train` (forward, backward, clip, update), or with gradient
 * accumulation `accumulate` per batch and `apply` for the update. `evaluate` shares the variables.
 */
export function trainingProgram(model: Model, o: StepOptions): PackedProgram {
  const { matmulPrecision = 'highest' } = o;
  const groups = parameterGroups(model.trainedTensors, o.optimizer.decayOn, o.optimizer.name);
  const states = groups.map((group): OptimizerState =>
    group.name === 'muon' ? muonState(group) : adamState(group),
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
  noise: readonly NoiseInput[],
): { inputs: Input[]; outputs: Record<string, Tensor>; gradients: Tensor[] } {
  const images = imagesInput(model, batchSize);
  const targets = g.input('targets', [batchSize, model.classes]);
  const sampleWeights = g.input('weights', [batchSize]);
  const random = noise.map(({ name, shape }) => g.input(name, shape));
  const inputs = [images, targets, sampleWeights, ...random];
  const byName = new Map(random.map((tensor) => [tensor.attributes.name, tensor]));
  const logits = model.logits(images, weights, byName);
  const loss = lossOf(logits, targets, sampleWeights);
  // Differentiated by tensor, then packed: the gradient of a slice would be a padded copy of the
  // whole vector.
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
