import {
  fact as spec,
  factLinears,
  type FactLinear,
  type FactOptions,
} from '../../shared/methods/fact.ts';
import { times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Weights } from '../networks/build.ts';
import { matrixOf, part, product } from './matrices.ts';
import type { TuningMethod } from './method.ts';

const named = ({ width }: FactLinear, factor: 'u' | 'v'): string =>
  `fact.${String(width)}.${factor}`;

/** FacT-TT: y = W x + bias + s · V Σ U x, piece by piece. */
export const fact: TuningMethod<FactOptions> = {
  spec,

  attach(build, model, o) {
    const linears = new Map(factLinears(model).map((linear) => [linear.path, linear]));
    return {
      ...build,
      linear: (path, x, source) => {
        const y = build.linear(path, x, source);
        const linear = linears.get(path);
        return linear === undefined ? y : g.add(y, change(linear, o, x, build.param));
      },
    };
  },

  *delta(model, o, adapter) {
    for (const linear of factLinears(model)) {
      const { path, in: inner, out, width, pieces } = linear;
      const u = matrixOf(adapter, named(linear, 'u'), width);
      const v = matrixOf(adapter, named(linear, 'v'), o.rank);
      const cores = matrixOf(adapter, `${path}.fact`, pieces.in * o.rank);
      const difference = new Float64Array(out * inner);
      for (let row = 0; row < pieces.out; row++)
        for (let column = 0; column < pieces.in; column++) {
          const core = part(cores, [row * o.rank, column * o.rank], [o.rank, o.rank]);
          const square = product(product(v, core), u, o.scale).values;
          const [top, left] = [row * width, column * width];
          for (let y = 0; y < Math.min(width, out - top); y++)
            for (let x = 0; x < Math.min(width, inner - left); x++)
              difference[(top + y) * inner + left + x] = square[y * width + x]!;
        }
      yield [`${path}.weight`, difference];
    }
  },

  merged: (model, o, param) =>
    new Map(
      factLinears(model).map((linear) => {
        const name = `${linear.path}.weight`;
        return [name, g.add(param(name), deltaWeight(linear, o, param))];
      }),
    ),
};

/** s · V Σ U of all pieces, (out, in). */
function deltaWeight(linear: FactLinear, { rank, scale }: FactOptions, param: Weights): Tensor {
  const { path, in: inner, out, width, pieces } = linear;
  const columns = pieces.in * width;
  const cores = g.mul(param(`${path}.fact`), g.scalar(scale));
  const right = g.matmul(
    g.reshape(cores, [pieces.out * rank * pieces.in, rank]),
    param(named(linear, 'u')),
  );
  const turned = g.transpose(g.reshape(right, [pieces.out, rank, columns]), [0, 2, 1]);
  const left = g.matmul(
    g.reshape(turned, [pieces.out * columns, rank]),
    param(named(linear, 'v')),
    {
      transposeB: true,
    },
  );
  const whole = g.transpose(g.reshape(left, [pieces.out, columns, width]), [0, 2, 1]);
  return g.slice(g.reshape(whole, [pieces.out * width, columns]), [0, 0], [out, inner]);
}

/** s · V Σ U x by rows: x (rows, in) → (rows, out). */
function change(
  linear: FactLinear,
  { rank, scale }: FactOptions,
  x: Tensor,
  param: Weights,
): Tensor {
  const { path, in: inner, out, width, pieces } = linear;
  const [rows = 0] = x.shape;
  const filled = pieces.in * width === inner ? x : g.pad(x, [0, 0], [0, pieces.in * width - inner]);
  const cut = g.reshape(filled, [times(rows, pieces.in), width]);
  const thin = g.reshape(g.matmul(cut, param(named(linear, 'u')), { transposeB: true }), [
    rows,
    pieces.in * rank,
  ]);
  const mixed = g.matmul(g.mul(thin, g.scalar(scale)), param(`${path}.fact`), { transposeB: true });
  const wide = g.matmul(
    g.reshape(mixed, [times(rows, pieces.out), rank]),
    param(named(linear, 'v')),
    {
      transposeB: true,
    },
  );
  const whole = g.reshape(wide, [rows, pieces.out * width]);
  return pieces.out * width === out ? whole : g.slice(whole, [0, 0], [rows, out]);
}
