import { group, type NoOptions } from '../fields/group.ts';
import { sizeOfShape, type ModelSpec } from '../models/spec.ts';
import type { MethodSpec } from './method.ts';

/** A place where SSF scales and shifts: the output of a layer. */
export interface SsfSite {
  readonly path: string;
  readonly channels: number;
  /** Whether it shifts: a layer without a bias could not hold a shift when merged. */
  readonly shifts: boolean;
}

/** The norms before the branches and the last one; not those inside attention, MLP or a pool. */
const NORM = /(?:^|\.)norm[12]\.weight$|^(?:fc_)?norm\.weight$/;
const PATCHES = 'patch_embed.proj';

/** The sites of the published code: the patch embedding, each Linear of a block, and its norms. */
export function ssfSites({ tensors, linears }: ModelSpec): {
  readonly norms: readonly SsfSite[];
  readonly linears: readonly SsfSite[];
  readonly patches: SsfSite | null;
} {
  const patches = tensors.find(({ name }) => name === `${PATCHES}.weight`);
  return {
    norms: tensors
      .filter(({ name, role }) => role === 'norm' && NORM.test(name))
      .map(({ name, shape }) => ({
        path: name.slice(0, -'.weight'.length),
        channels: sizeOfShape(shape),
        shifts: true,
      })),
    linears: linears.map(({ path, out, bias }) => ({ path, channels: out, shifts: bias })),
    patches:
      patches === undefined
        ? null
        : {
            path: PATCHES,
            channels: patches.shape[0] ?? 0,
            shifts: tensors.some(({ name }) => name === `${PATCHES}.bias`),
          },
  };
}

/**
 * SSF (arXiv 2210.08823): the output of each layer is scaled and shifted by channel, γ ⊙ y + β;
 * `ssf_scale` and `ssf_shift (channels)`, drawn around 1 and 0 with a deviation of 0.02.
 */
export const ssf: MethodSpec<'ssf', NoOptions> = {
  name: 'ssf',
  title: 'SSF',
  paper: '2210.08823',
  scope: 'adapter',
  merges: true,
  families: null,
  options: group<NoOptions>({}),
  added: (model) => {
    const { norms, linears, patches } = ssfSites(model);
    return [...(patches === null ? [] : [patches]), ...linears, ...norms].flatMap(
      ({ path, channels, shifts }) =>
        (shifts ? (['scale', 'shift'] as const) : (['scale'] as const)).map((leaf) => ({
          name: `${path}.ssf_${leaf}`,
          shape: [channels],
          role: 'scale' as const,
          init: { kind: 'normal' as const, deviation: 0.02, mean: leaf === 'scale' ? 1 : 0 },
        })),
    );
  },
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
