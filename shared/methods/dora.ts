import { above, flag, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';
import { targeted, targetModules } from './target-modules.ts';

const options = group({
  rank: whole(1, 1024, {
    default: 8,
    usual: [1, 256],
    stored: 'r',
    help: 'Rank of the change of the direction of each weight. A higher rank can fit more and costs more.',
    affects: ['results', 'speed', 'memory'],
  }),
  alpha: above(0, 10_000, {
    default: 8,
    usual: [0.1, 512],
    step: 1,
    help: 'Strength of the adapter: its change of the weights is multiplied by alpha / rank.',
    affects: ['results'],
  }),
  rankStabilized: flag({
    default: false,
    stored: 'use_rslora',
    help: 'Multiply by alpha / √rank instead, so that a high rank learns as fast as a low one (rsLoRA).',
    affects: ['results'],
  }),
  targetModules,
});

export type DoraOptions = OptionsOf<typeof options>;

/**
 * DoRA (arXiv 2402.09353) as PEFT defines it: the rows of W + s B A, brought to trained lengths
 * `lora_magnitude_vector (out)`, which start at those of the rows of W; A and B as LoRA's. No
 * gradient goes through the lengths of the rows.
 */
export const dora: MethodSpec<'dora', DoraOptions> = {
  name: 'dora',
  title: 'DoRA',
  paper: '2402.09353',
  scope: 'adapter',
  merges: true,
  families: null,
  options,
  added: ({ linears }, { rank, targetModules: targets }) =>
    targeted(linears, targets).flatMap(({ path, in: inner, out }) => [
      {
        name: `${path}.lora_A.weight`,
        shape: [rank, inner],
        role: 'matrix',
        init: { kind: 'uniform', bound: 1 / Math.sqrt(inner) },
      },
      {
        name: `${path}.lora_B.weight`,
        shape: [out, rank],
        role: 'matrix',
        init: { kind: 'constant', value: 0 },
      },
      {
        name: `${path}.lora_magnitude_vector.weight`,
        shape: [out],
        role: 'scale',
        init: { kind: 'row-norms', of: `${path}.weight` },
      },
    ]),
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
