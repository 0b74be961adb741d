import { group, type NoOptions } from '../fields/group.ts';
import type { LinearSpec, ModelSpec } from '../models/spec.ts';
import type { MethodSpec } from './method.ts';

/** The last Linear of each branch: the projection of the attention, and fc2. */
export function branchEnds({ linears }: ModelSpec): LinearSpec[] {
  return linears.filter(({ kind }) => kind === 'attn.proj' || kind === 'mlp.fc2');
}

/**
 * DiffFit (arXiv 2304.06648): the biases and the norms, and a factor for each channel at the end of
 * each branch, `difffit_gamma (out)`, 1 at the start.
 */
export const difffit: MethodSpec<'difffit', NoOptions> = {
  name: 'difffit',
  title: 'DiffFit',
  paper: '2304.06648',
  scope: 'adapter',
  merges: true,
  families: null,
  options: group<NoOptions>({}),
  added: (model) =>
    branchEnds(model).map(({ path, out }) => ({
      name: `${path}.difffit_gamma`,
      shape: [out],
      role: 'scale',
      init: { kind: 'constant', value: 1 },
    })),
  trainsInPlace: ({ role }) => role === 'bias' || role === 'norm' || role === 'norm-bias',
  noise: [],
  presets: {},
};
