import { ssf as spec, ssfSites, type SsfSite } from '../../shared/methods/ssf.ts';
import type { ModelSpec } from '../../shared/models/spec.ts';
import type { MethodOptions } from '../../shared/methods/registry.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Weights } from '../networks/build.ts';
import { rowsScaled, stored } from './matrices.ts';
import type { TuningMethod } from './method.ts';

/**
 * SSF: γ ⊙ y + β on the output of each layer. On the patch embedding it is computed on the weights,
 * which are smaller than its outputs.
 */
export const ssf: TuningMethod<MethodOptions<'ssf'>> = {
  spec,

  attach(build, model) {
    const { norms, linears, patches } = ssfSites(model);
    const sites = new Map([...norms, ...linears].map((site) => [site.path, site]));
    const changed = (path: string, y: Tensor): Tensor => {
      const site = sites.get(path);
      if (site === undefined) return y;
      const scaled = g.mul(y, build.param(`${path}.ssf_scale`));
      return site.shifts ? g.add(scaled, build.param(`${path}.ssf_shift`)) : scaled;
    };
    const ofPatches = new Map(
      patches === null ? [] : mergedSite(model, patches, build.param).map((entry) => entry),
    );
    return {
      ...build,
      param: (name) => ofPatches.get(name) ?? build.param(name),
      linear: (path, x, source) => changed(path, build.linear(path, x, source)),
      norm: (path, x) => changed(path, build.norm(path, x)),
    };
  },

  *delta(model, _o, adapter, backbone) {
    for (const { path, shifts } of allSites(model)) {
      const scale = stored(adapter, `${path}.ssf_scale`);
      yield [`${path}.weight`, rowsScaled(stored(backbone, `${path}.weight`), scale)];
      if (!shifts) continue;
      const shift = stored(adapter, `${path}.ssf_shift`);
      const bias = rowsScaled(stored(backbone, `${path}.bias`), scale);
      yield [`${path}.bias`, bias.map((difference, i) => difference + shift[i]!)];
    }
  },

  merged: (model, _o, param) =>
    new Map(allSites(model).flatMap((site) => mergedSite(model, site, param))),
};

function allSites(model: ModelSpec): SsfSite[] {
  const { norms, linears, patches } = ssfSites(model);
  return [...norms, ...linears, ...(patches === null ? [] : [patches])];
}

/** The layer's own tensors with the scale and shift in them. */
function mergedSite(
  { tensors }: ModelSpec,
  { path, shifts }: SsfSite,
  param: Weights,
): [name: string, value: Tensor][] {
  const name = `${path}.weight`;
  const shape = tensors.find((tensor) => tensor.name === name)?.shape ?? [];
  const scale = param(`${path}.ssf_scale`);
  const byRow = g.reshape(
    scale,
    shape.map((side, axis) => (axis === 0 ? side : 1)),
  );
  const weight: [string, Tensor] = [name, g.mul(param(name), byRow)];
  if (!shifts) return [weight];
  const bias = `${path}.bias`;
  return [weight, [bias, g.add(g.mul(param(bias), scale), param(`${path}.ssf_shift`))]];
}
