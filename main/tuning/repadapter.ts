import {
  groupsOf,
  repadapter as spec,
  repAdapterSites,
  type RepAdapterOptions,
  type RepAdapterSite,
} from '../../shared/methods/repadapter.ts';
import type { LinearSpec } from '../../shared/models/spec.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Weights } from '../networks/build.ts';
import { matrixOf, product, stored, type Matrix } from './matrices.ts';
import type { Tensors, TuningMethod } from './method.ts';

/** RepAdapter: a Linear of the site is given x + s · B (A x + a) + b; merged, W* = W (I + s B A). */
export const repadapter: TuningMethod<RepAdapterOptions> = {
  spec,

  attach(build, model, o) {
    const sites = new Map(
      repAdapterSites(model).flatMap((site) => site.linears.map(({ path }) => [path, site])),
    );
    // The two Linears of a split gate are given the same.
    const given = new Map<Tensor, Tensor>();
    return {
      ...build,
      linear: (path, x, source) => {
        const site = sites.get(path);
        if (site === undefined) return build.linear(path, x, source);
        const adapted = given.get(x) ?? g.add(x, change(site, o, x, build.param));
        given.set(x, adapted);
        return build.linear(path, adapted, x);
      },
    };
  },

  *delta(model, o, adapter, backbone) {
    for (const site of repAdapterSites(model)) {
      const up = up64(site, o, adapter);
      const down = matrixOf(adapter, `${site.path}.repadapter_down`, site.width);
      for (const { path } of site.linears) {
        const weight = matrixOf(backbone, `${path}.weight`, site.width);
        const through = product(weight, up, o.scale);
        yield [`${path}.weight`, product(through, down).values];
        if (!site.biases) continue;
        const inner = matrixOf(adapter, `${site.path}.repadapter_down_bias`, 1);
        const outer = matrixOf(adapter, `${site.path}.repadapter_up_bias`, 1);
        const direct = product(weight, outer).values;
        yield [`${path}.bias`, product(through, inner).values.map((v, i) => v + direct[i]!)];
      }
    }
  },

  merged: (model, o, param) =>
    new Map(
      repAdapterSites(model).flatMap((site) =>
        site.linears.flatMap((linear) => mergedLinear(site, linear, o, param)),
      ),
    ),
};

const named = ({ path }: RepAdapterSite, leaf: string): string => `${path}.repadapter_${leaf}`;

/** s · B (A x + a) + b, (rows, width). */
function change(site: RepAdapterSite, o: RepAdapterOptions, x: Tensor, param: Weights): Tensor {
  const thin = g.matmul(x, param(named(site, 'down')), { transposeB: true });
  const hidden = site.biases ? g.add(thin, param(named(site, 'down_bias'))) : thin;
  const wide = g.matmul(g.mul(hidden, g.scalar(o.scale)), upMatrix(site, o, param), {
    transposeB: true,
  });
  return site.biases ? g.add(wide, param(named(site, 'up_bias'))) : wide;
}

/** B (width, hidden) from its groups, which are blocks along its diagonal. */
function upMatrix(site: RepAdapterSite, o: RepAdapterOptions, param: Weights): Tensor {
  let before = 0;
  const blocks = groupsOf(site, o).map((group, index) => {
    const after = o.hidden - before - group.in;
    const block = g.pad(param(named(site, `up_${String(index)}`)), [0, before], [0, after]);
    before += group.in;
    return block;
  });
  return g.concat(blocks, 0);
}

function up64(site: RepAdapterSite, o: RepAdapterOptions, adapter: Tensors): Matrix {
  const values = new Float64Array(site.width * o.hidden);
  let [top, left] = [0, 0];
  groupsOf(site, o).forEach((group, index) => {
    const block = stored(adapter, named(site, `up_${String(index)}`));
    for (let y = 0; y < group.out; y++)
      for (let x = 0; x < group.in; x++)
        values[(top + y) * o.hidden + left + x] = block[y * group.in + x]!;
    top += group.out;
    left += group.in;
  });
  return { rows: site.width, columns: o.hidden, values };
}

function mergedLinear(
  site: RepAdapterSite,
  { path, out }: LinearSpec,
  o: RepAdapterOptions,
  param: Weights,
): [name: string, value: Tensor][] {
  const weight = param(`${path}.weight`);
  const through = g.mul(g.matmul(weight, upMatrix(site, o, param)), g.scalar(o.scale));
  const change = g.matmul(through, param(named(site, 'down')));
  const merged: [string, Tensor] = [`${path}.weight`, g.add(weight, change)];
  if (!site.biases) return [merged];
  const applied = (matrix: Tensor, vector: string, size: number): Tensor =>
    g.reshape(g.matmul(matrix, g.reshape(param(named(site, vector)), [size, 1])), [out]);
  const shift = g.add(
    applied(through, 'down_bias', o.hidden),
    applied(weight, 'up_bias', site.width),
  );
  return [merged, [`${path}.bias`, g.add(param(`${path}.bias`), shift)]];
}
