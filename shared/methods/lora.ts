import { above, below, flag, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';
import { targeted, targetModules } from './target-modules.ts';

const options = group({
  rank: whole(1, 1024, {
    default: 8,
    usual: [1, 256],
    stored: 'r',
    help: 'Rank of the change of each weight. A higher rank can fit more and costs more; 4 to 16 is usual.',
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
  dropout: below(0, 1, {
    default: 0,
    usual: [0, 0.5],
    off: 0,
    step: 0.05,
    stored: 'lora_dropout',
    help: 'Probability that an input of the adapter is left out of a training step. Reduces overfitting.',
    affects: ['results', 'speed', 'memory'],
  }),
  targetModules,
});

export type LoraOptions = OptionsOf<typeof options>;

/** Whole numbers below `values`, so many for each row and each column of a dropout mask; see `main/tuning/lora.ts`. */
export const MASK = { terms: 8, values: 256 } as const;

/**
 * LoRA (arXiv 2106.09685) as PEFT defines it: W + s B A, with A (r, in) Kaiming-uniform (a = √5, that is within ±1/√in) and
 * B (out, r) zero at the start; s is alpha / r, or alpha / √r. Tensors have PEFT's names.
 */
export const lora: MethodSpec<'lora', LoraOptions> = {
  name: 'lora',
  title: 'LoRA',
  paper: '2106.09685',
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
    ]),
  trainsInPlace: () => false,
  noise: [
    {
      name: 'loraRows',
      shape: ({ tokens }, { dropout }, batch) =>
        dropout === 0 ? null : [batch * tokens, MASK.terms],
      draw: wholeNumber,
    },
    {
      name: 'loraColumns',
      shape: ({ linears }, { dropout, targetModules: targets }) => {
        const inputs = targeted(linears, targets).reduce((sum, linear) => sum + linear.in, 0);
        return dropout === 0 ? null : [inputs, MASK.terms];
      },
      draw: wholeNumber,
    },
  ],
  presets: {},
};

function wholeNumber(uniform: () => number): number {
  return Math.floor(uniform() * MASK.values);
}
