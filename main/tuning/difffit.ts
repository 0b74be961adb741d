import { branchEnds, difffit as spec } from '../../shared/methods/difffit.ts';
import type { MethodOptions } from '../../shared/methods/registry.ts';
import * as g from '../graph/operations.ts';
import { rowsScaled, stored } from './matrices.ts';
import type { TuningMethod } from './method.ts';

/**
 * DiffFit: biases and norms are trained in place; the last Linear of each branch is multiplied by
 * γ, which is merged into its weight and bias. What lies between it and the residual stream
 * (LayerScale, windows) acts on channels alike, so that the order does not matter.
 */
export const difffit: TuningMethod<MethodOptions<'difffit'>> = {
  spec,

  attach(build, model) {
    const paths = new Set(branchEnds(model).map(({ path }) => path));
    return {
      ...build,
      linear: (path, x, source) => {
        const y = build.linear(path, x, source);
        return paths.has(path) ? g.mul(y, build.param(`${path}.difffit_gamma`)) : y;
      },
    };
  },

  *delta(model, _o, adapter, backbone) {
    for (const { path, bias } of branchEnds(model)) {
      const gamma = stored(adapter, `${path}.difffit_gamma`);
      const names = bias ? [`${path}.weight`, `${path}.bias`] : [`${path}.weight`];
      for (const name of names) yield [name, rowsScaled(stored(backbone, name), gamma)];
    }
  },

  merged: (model, _o, param) =>
    new Map(
      branchEnds(model).flatMap(({ path, out, bias }) => {
        const gamma = param(`${path}.difffit_gamma`);
        const weight = g.mul(param(`${path}.weight`), g.reshape(gamma, [out, 1]));
        const tensors = [[`${path}.weight`, weight] as const];
        return bias
          ? [...tensors, [`${path}.bias`, g.mul(param(`${path}.bias`), gamma)] as const]
          : tensors;
      }),
    ),
};
