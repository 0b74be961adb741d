import { whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { MethodSpec } from './method.ts';

const options = group({
  prompts: whole(1, 1000, {
    default: 10,
    usual: [1, 200],
    help: 'Number of trained tokens in each block. More can fit more; every block takes longer.',
    affects: ['results', 'speed', 'memory'],
  }),
});

export type VptOptions = OptionsOf<typeof options>;

/** Width of the tokens, and numbers in a patch of one color channel. */
function sizesOf({ tensors }: ModelSpec): { readonly width: number; readonly patch: number } {
  const shape = tensors.find(({ name }) => name === 'patch_embed.proj.weight')?.shape ?? [];
  const [width = 0, , rows = 0, columns = 0] = shape;
  return { width, patch: rows * columns };
}

/**
 * VPT-deep (arXiv 2203.12119): trained tokens between the prefix and the patches, others in each
 * block, `blocks.<i>.vpt_prompts (1, prompts, width)`, uniform within ±√(6 / (3 p² + width)) for
 * patches of p × p pixels.
 */
export const vpt: MethodSpec<'vpt', VptOptions> = {
  name: 'vpt',
  title: 'VPT-deep',
  paper: '2203.12119',
  scope: 'adapter',
  merges: false,
  families: ['vit'],
  options,
  added: (model, { prompts }) => {
    const { width, patch } = sizesOf(model);
    return Array.from({ length: model.blocks }, (_, block) => ({
      name: `blocks.${String(block)}.vpt_prompts`,
      shape: [1, prompts, width],
      role: 'embedding' as const,
      init: { kind: 'uniform' as const, bound: Math.sqrt(6 / (3 * patch + width)) },
    }));
  },
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
