import { dora as spec, type DoraOptions } from '../../shared/methods/dora.ts';
import { targeted } from '../../shared/methods/target-modules.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Weights } from '../networks/build.ts';
import { scaleOf } from './lora.ts';
import { matrixOf, product, stored } from './matrices.ts';
import type { TuningMethod } from './method.ts';

/** Below it a row counts as zero: its direction is undefined, and it stays zero. */
const LEAST = 1e-30;

/** DoRA: y = (m / ‖W + s B A‖) ⊙ (W + s B A) x + bias, with the norms of the rows. */
export const dora: TuningMethod<DoraOptions> = {
  spec,

  attach(build, { linears }, o) {
    const adapted = new Map(targeted(linears, o.targetModules).map((one) => [one.path, one]));
    return {
      ...build,
      linear: (path, x, source) => {
        const y = build.linear(path, x, source);
        const linear = adapted.get(path);
        if (linear === undefined) return y;
        const { param } = build;
        const thin = g.matmul(x, param(`${path}.lora_A.weight`), { transposeB: true });
        const change = g.matmul(g.mul(thin, g.scalar(scaleOf(o))), param(`${path}.lora_B.weight`), {
          transposeB: true,
        });
        // No gradient goes through the lengths, as PEFT and the paper (section 4.3) have it.
        const lengths = g.stopGradient(rowNorms(changedWeight(path, o, param)));
        const ratio = g.div(magnitude(path, param), lengths);
        const whole = g.mul(g.add(y, change), ratio);
        if (!linear.bias) return whole;
        // The bias, which y has in it, is not scaled.
        return g.add(whole, g.mul(param(`${path}.bias`), g.sub(g.scalar(1), ratio)));
      },
    };
  },

  *delta({ linears }, o, adapter, backbone) {
    for (const { path, in: inner, out } of targeted(linears, o.targetModules)) {
      const weight = stored(backbone, `${path}.weight`);
      const a = matrixOf(adapter, `${path}.lora_A.weight`, inner);
      const b = matrixOf(adapter, `${path}.lora_B.weight`, o.rank);
      const magnitudes = stored(adapter, `${path}.lora_magnitude_vector.weight`);
      const difference = product(b, a, scaleOf(o)).values;
      for (let y = 0; y < out; y++) {
        let squares = 0;
        for (let at = y * inner; at < (y + 1) * inner; at++)
          squares += (weight[at]! + difference[at]!) ** 2;
        const ratio = magnitudes[y]! / Math.max(Math.sqrt(squares), LEAST);
        for (let at = y * inner; at < (y + 1) * inner; at++)
          difference[at] = ratio * (weight[at]! + difference[at]!) - weight[at]!;
      }
      yield [`${path}.weight`, difference];
    }
  },

  merged: ({ linears }, o, param) =>
    new Map(
      targeted(linears, o.targetModules).map(({ path, out }) => {
        const changed = changedWeight(path, o, param);
        const ratio = g.div(magnitude(path, param), rowNorms(changed));
        return [`${path}.weight`, g.mul(changed, g.reshape(ratio, [out, 1]))];
      }),
    ),
};

const magnitude = (path: string, param: Weights): Tensor =>
  param(`${path}.lora_magnitude_vector.weight`);

/** W + s B A, (out, in). */
function changedWeight(path: string, o: DoraOptions, param: Weights): Tensor {
  const b = g.mul(param(`${path}.lora_B.weight`), g.scalar(scaleOf(o)));
  return g.add(param(`${path}.weight`), g.matmul(b, param(`${path}.lora_A.weight`)));
}

/** (rows, columns) → (rows). */
function rowNorms(matrix: Tensor): Tensor {
  return g.maximum(g.sqrt(g.sum(g.mul(matrix, matrix), [1])), g.scalar(LEAST));
}
