import type { OptimizerOptions, ScheduleOptions } from '../../../shared/domain/training.ts';
import * as g from '../../graph/operations.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import type { Update } from '../../graph/program.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { ParameterGroup } from './parameters.ts';

/** AdamW (arXiv 1711.05101) on packed vectors. */
export interface AdamState {
  readonly kind: 'adamw';
  readonly group: ParameterGroup;
  readonly parameters: Variable;
  readonly moment1: Variable;
  readonly moment2: Variable;
}

export function adamState(group: ParameterGroup): AdamState {
  const vector = (role: string): Variable => g.variable(`${role}.${group.name}`, [group.size]);
  return {
    kind: 'adamw',
    group,
    parameters: vector('trained'),
    moment1: vector('moment1'),
    moment2: vector('moment2'),
  };
}

/**
 * Inputs that change with the step: (learning rate, 1 − β₁ᵗ, √(1 − β₂ᵗ), Muon's learning rate).
 * Both rates follow the same schedule.
 */
export function stepScalars(o: OptimizerOptions, learningRate: number, step: number): Float32Array {
  return Float32Array.of(
    learningRate,
    1 - o.beta1 ** step,
    Math.sqrt(1 - o.beta2 ** step),
    o.muonLearningRate * (learningRate / o.learningRate),
  );
}

/** √ Σ g² over all groups. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  return g.sqrt(gradients.map((d) => g.sumAll(g.mul(d, d))).reduce(g.add));
}

/**
 * p ← p (1 − lr·λ) − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), decoupled decay λ on the `decayed` group only.
 * `scalars` (4) as `stepScalars` gives them.
 */
export function adamUpdates(
  state: AdamState,
  gradient: Tensor,
  scalars: Tensor,
  o: OptimizerOptions,
): Update[] {
  const [rate, correction1, correction2] = [0, 1, 2].map((i) => scalarAt(scalars, i)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const stepSize = g.div(rate, correction1);
  const blend = (old: Tensor, beta: number, value: Tensor): Tensor =>
    g.add(g.mul(g.scalar(beta), old), g.mul(g.scalar(1 - beta), value));
  const moment1 = blend(state.moment1, o.beta1, gradient);
  const moment2 = blend(state.moment2, o.beta2, g.mul(gradient, gradient));
  const denominator = g.add(g.div(g.sqrt(moment2), correction2), g.scalar(o.epsilon));
  const shrunk =
    state.group.name === 'decayed' ? decayed(state.parameters, rate, o) : state.parameters;
  return [
    {
      variable: state.parameters,
      value: g.sub(shrunk, g.mul(stepSize, g.div(moment1, denominator))),
    },
    { variable: state.moment1, value: moment1 },
    { variable: state.moment2, value: moment2 },
  ];
}

export function scalarAt(scalars: Tensor, index: number): Tensor {
  return g.reshape(g.slice(scalars, [index], [1]), []);
}

/** Decoupled weight decay: p (1 − rate·λ). */
export function decayed(parameters: Tensor, rate: Tensor, o: OptimizerOptions): Tensor {
  if (o.weightDecay === 0) return parameters;
  return g.mul(parameters, g.sub(g.scalar(1), g.mul(rate, g.scalar(o.weightDecay))));
}

/** Linear warm-up, then cosine (arXiv 1608.03983), as a function of the update's number from 0. */
export function learningRateAt(
  step: number,
  stepsPerEpoch: number,
  peak: number,
  s: ScheduleOptions,
): number {
  const warmup = Math.round(s.warmupEpochs * stepsPerEpoch);
  if (step < warmup) return peak * (s.warmupStart + (1 - s.warmupStart) * (step / warmup));
  const total = Math.max(1, s.epochs * stepsPerEpoch - warmup);
  const progress = Math.min(1, (step - warmup) / total);
  return peak * (s.cosineEnd + (1 - s.cosineEnd) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
