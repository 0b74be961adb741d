import { above, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { ModelSpec, TensorSpec } from '../models/spec.ts';
import type { MethodSpec } from './method.ts';

const options = group({
  bottleneck: whole(1, 4096, {
    default: 64,
    usual: [1, 256],
    help: 'Width of the bottleneck of each adapter.',
    affects: ['results', 'speed', 'memory'],
  }),
  scale: above(0, 10_000, {
    default: 0.1,
    usual: [0.01, 10],
    step: 'tenth',
    help: 'Strength of the adapter: its output is multiplied by this.',
    affects: ['results'],
  }),
});

export type AdaptFormerOptions = OptionsOf<typeof options>;

/** Widths of the blocks, from the first. */
function widthsOf({ linears }: ModelSpec): number[] {
  return linears.filter(({ kind }) => kind === 'attn.qkv').map(({ in: width }) => width);
}

/**
 * AdaptFormer (arXiv 2205.13535): beside each MLP s · Up ReLU(Down x), where x is what the norm
 * before the MLP is given; `blocks.<i>.adaptformer_…`: `down (bottleneck, width)`, Kaiming-uniform
 * (a = √5), `up (width, bottleneck)` and both biases zero.
 */
export const adaptformer: MethodSpec<'adaptformer', AdaptFormerOptions> = {
  name: 'adaptformer',
  title: 'AdaptFormer',
  paper: '2205.13535',
  scope: 'adapter',
  merges: false,
  families: ['vit'],
  options,
  added: (model, { bottleneck }) =>
    widthsOf(model).flatMap((width, block): TensorSpec[] => {
      const named = (leaf: string) => `blocks.${String(block)}.adaptformer_${leaf}`;
      const zero = { kind: 'constant', value: 0 } as const;
      return [
        {
          name: named('down'),
          shape: [bottleneck, width],
          role: 'matrix',
          init: { kind: 'uniform', bound: 1 / Math.sqrt(width) },
        },
        { name: named('down_bias'), shape: [bottleneck], role: 'bias', init: zero },
        { name: named('up'), shape: [width, bottleneck], role: 'matrix', init: zero },
        { name: named('up_bias'), shape: [width], role: 'bias', init: zero },
      ];
    }),
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
