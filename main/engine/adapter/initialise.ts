import type { KarstOptions } from '../../../shared/methods/karst.ts';
import { truncatedNormal } from '../backbone/load.ts';
import { sizeOf, type Shape } from '../../graph/tensor.ts';
import { randomStream } from '../random.ts';

/**
 * The start of every adapter tensor: karst_b zero (so ΔW is exactly zero), re-scaling 1 and 0, karst_c and karst_a
 *
 * - `gaussian`: standard deviations 1/√(N·m) and 1/√k. The paper says Gaussian and prints no deviation; with these
 *   the first updates of ΔW are as large whatever the number of kernels, and near LoRA's at equal rank.
 * - `kaiming`: uniform with a = √5 over the last axis as fan-in, bound 1/√fan, as the published code draws them.
 */
export function initialAdapter(
  shapes: ReadonlyMap<string, Shape>,
  karst: KarstOptions,
  seed: number,
): Map<string, Float32Array> {
  const tensors = new Map<string, Float32Array>();
  for (const [name, shape] of shapes) {
    const values = new Float32Array(sizeOf(shape));
    const leaf = name.slice(name.lastIndexOf('.') + 1);
    const fan = shape.at(-1) ?? 1;
    if (leaf === 'karst_c' || leaf === 'karst_a') {
      const kernels = leaf === 'karst_c' ? karst.kernels : 1;
      draw(values, karst.init, fan, kernels, seed, name);
    } else if (leaf.endsWith('_scale')) {
      values.fill(1);
    } else if (name === 'head.weight') {
      truncatedNormal(values, 0.02, seed, name);
    }
    tensors.set(name, values);
  }
  return tensors;
}

function draw(
  values: Float32Array,
  init: KarstOptions['init'],
  fan: number,
  kernels: number,
  seed: number,
  name: string,
): void {
  const stream = randomStream(seed, 'initialise', name);
  const bound = 1 / Math.sqrt(fan);
  const deviation = 1 / Math.sqrt(kernels * fan);
  for (let i = 0; i < values.length; i++) {
    values[i] =
      init === 'gaussian' ? stream.normal() * deviation : (2 * stream.uniform() - 1) * bound;
  }
}
