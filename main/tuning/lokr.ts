import {
  lokr as spec,
  lokrLinears,
  type LokrLinear,
  type LokrOptions,
} from '../../shared/methods/lokr.ts';
import { times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Weights } from '../networks/build.ts';
import { matrixOf, product, type Matrix } from './matrices.ts';
import type { Tensors, TuningMethod } from './method.ts';

/**
 * LoKr: y = W x + bias + s · (w1 ⊗ w2) x. Beside the Linear the product is computed by its factors,
 * w1 X w2ᵀ for the inputs as a matrix X (m, n), which is never as large as W.
 */
export const lokr: TuningMethod<LokrOptions> = {
  spec,

  attach(build, model, o) {
    const linears = new Map(lokrLinears(model, o).map((linear) => [linear.path, linear]));
    const scale = g.scalar(o.alpha / o.rank);
    return {
      ...build,
      linear: (path, x, source) => {
        const y = build.linear(path, x, source);
        const linear = linears.get(path);
        return linear === undefined
          ? y
          : g.add(y, g.mul(kroneckerProduct(linear, x, build.param), scale));
      },
    };
  },

  *delta(model, o, adapter) {
    for (const linear of lokrLinears(model, o)) {
      const { path, in: inner, l, k, m, n, whole } = linear;
      const w1 = factor64(adapter, `${path}.lokr_w1`, m, o.rank, whole.w1);
      const w2 = factor64(adapter, `${path}.lokr_w2`, n, o.rank, whole.w2);
      const difference = new Float64Array(linear.out * inner);
      for (let p = 0; p < l; p++)
        for (let q = 0; q < m; q++) {
          const scale = (o.alpha / o.rank) * w1.values[p * m + q]!;
          for (let y = 0; y < k; y++)
            for (let x = 0; x < n; x++)
              difference[(p * k + y) * inner + q * n + x] = scale * w2.values[y * n + x]!;
        }
      yield [`${path}.weight`, difference];
    }
  },

  merged: (model, o, param) =>
    new Map(
      lokrLinears(model, o).map((linear) => {
        const { path, l, k, m, n, whole } = linear;
        const w1 = g.mul(factor(`${path}.lokr_w1`, whole.w1, param), g.scalar(o.alpha / o.rank));
        const w2 = factor(`${path}.lokr_w2`, whole.w2, param);
        const name = `${path}.weight`;
        return [
          name,
          g.addKronecker(param(name), g.reshape(w1, [1, l, m]), g.reshape(w2, [1, 1, k, n])),
        ];
      }),
    ),
};

/** A factor, stored whole or as a product. */
function factor(name: string, isWhole: boolean, param: Weights): Tensor {
  return isWhole ? param(name) : g.matmul(param(`${name}_a`), param(`${name}_b`));
}

function factor64(
  adapter: Tensors,
  name: string,
  columns: number,
  rank: number,
  isWhole: boolean,
): Matrix {
  return isWhole
    ? matrixOf(adapter, name, columns)
    : product(matrixOf(adapter, `${name}_a`, rank), matrixOf(adapter, `${name}_b`, columns));
}

/** (w1 ⊗ w2) x by rows: x (rows, m · n) → (rows, l · k). */
function kroneckerProduct(
  { path, l, k, m, n, whole }: LokrLinear,
  x: Tensor,
  param: Weights,
): Tensor {
  const [rows = 0] = x.shape;
  const inputs = g.reshape(x, [times(rows, m), n]);
  const right = whole.w2
    ? g.matmul(inputs, param(`${path}.lokr_w2`), { transposeB: true })
    : g.matmul(
        g.matmul(inputs, param(`${path}.lokr_w2_b`), { transposeB: true }),
        param(`${path}.lokr_w2_a`),
        { transposeB: true },
      );
  const turned = g.reshape(g.transpose(g.reshape(right, [rows, m, k]), [0, 2, 1]), [
    times(rows, k),
    m,
  ]);
  const left = g.matmul(turned, factor(`${path}.lokr_w1`, whole.w1, param), { transposeB: true });
  return g.reshape(g.transpose(g.reshape(left, [rows, k, l]), [0, 2, 1]), [rows, l * k]);
}
