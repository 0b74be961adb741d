import { above, below, oneOf, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import { targetModules } from './target-modules.ts';

/** KARST: a sum of low-rank Kronecker products beside each frozen weight; see ARCHITECTURE.md, "The method". */
export const karst = {
  name: 'karst',
  options: group({
    rank: whole(1, 1024, {
      default: 8,
      stored: 'r',
      help: 'Rank of the low-rank factor of each Kronecker product. A higher rank can fit more and costs more; 4 to 16 is usual.',
      affects: ['results', 'speed', 'memory'],
    }),
    kernels: whole(1, 256, {
      default: 2,
      stored: 'num_kernels',
      help: 'Number of Kronecker products summed for each weight. More can fit more; the parameters grow in proportion.',
      affects: ['results', 'speed', 'memory'],
    }),
    factor: whole(1, 4096, {
      default: 8,
      special: { value: -1, meaning: 'the most balanced factors' },
      help: 'Upper bound of the smaller side of each Kronecker factorisation. -1 makes both sides as equal as possible.',
      affects: ['results', 'speed', 'memory'],
    }),
    alpha: above(0, 10_000, {
      default: 8,
      step: 1,
      help: 'Strength of the adapter: its change of the weights is multiplied by alpha / rank.',
      affects: ['results'],
    }),
    init: oneOf(['gaussian', 'kaiming'], {
      default: 'gaussian',
      help: 'Distribution of the initial values. The adapter changes nothing at the start either way.',
      affects: ['results'],
    }),
    rescale: oneOf(['none', 'scalar', 'channel'], {
      default: 'scalar',
      help: 'Trained scale and shift at the attention and at the end of each block: none, one number, or one per channel.',
      affects: ['results', 'speed', 'memory'],
    }),
    rankDropout: below(0, 1, {
      default: 0,
      off: 0,
      step: 0.05,
      help: 'Probability that a rank direction is left out of a training step. Reduces overfitting.',
      affects: ['results', 'speed'],
    }),
    targetModules,
  }),
} as const;

export type KarstOptions = OptionsOf<(typeof karst)['options']>;
export const KARST_DEFAULTS: KarstOptions = karst.options.defaults;
