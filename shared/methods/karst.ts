import { above, below, oneOf, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { Initialiser, LinearSpec, ModelSpec, TensorSpec } from '../models/spec.ts';
import { factorize } from './factorize.ts';
import type { MethodSpec } from './method.ts';
import { targeted, targetModules } from './target-modules.ts';

const options = group({
  rank: whole(1, 1024, {
    default: 8,
    usual: [1, 256],
    stored: 'r',
    special: { value: 0, meaning: 'one by the width of each stage' },
    help: 'A higher rank can fit more and costs more; 4 to 16 is usual. 0, the default on Swin: a 128th of each stage’s width, at least 2.',
    affects: ['results', 'speed', 'memory'],
  }),
  kernels: whole(1, 256, {
    default: 2,
    usual: [1, 64],
    stored: 'num_kernels',
    help: 'Number of Kronecker products summed for each weight. More can fit more; the parameters grow in proportion.',
    affects: ['results', 'speed', 'memory'],
  }),
  factor: whole(1, 4096, {
    default: 8,
    special: { value: -1, meaning: 'the most balanced factors' },
    help: 'Upper bound of the smaller side of each Kronecker factorization. -1 makes both sides as equal as possible.',
    affects: ['results', 'speed', 'memory'],
  }),
  alpha: above(0, 10_000, {
    default: 8,
    usual: [0.1, 512],
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
    usual: [0, 0.5],
    off: 0,
    step: 0.05,
    help: 'Probability that a rank direction is left out of a training step. Reduces overfitting.',
    affects: ['results', 'speed'],
  }),
  targetModules,
});

export type KarstOptions = OptionsOf<typeof options>;
export const KARST_DEFAULTS: KarstOptions = options.defaults;

/** One adapted Linear with the sizes of its factors: (m, n) of its inputs, (l, k) of one part of its outputs. */
export interface KarstLinear extends LinearSpec {
  readonly l: number;
  readonly k: number;
  readonly m: number;
  readonly n: number;
  readonly rank: number;
  readonly rescaleIn: boolean;
  readonly rescaleOut: boolean;
}

/**
 * A given rank, or that by the width of the Linear's block: 2, 2, 4, 8 for the stages of Swin-B and 2,
 * 2, 3, 6 for those of Swin-Tiny, as published.
 */
function rankOf({ kind, in: inner, out }: LinearSpec, { rank }: KarstOptions): number {
  if (rank > 0) return rank;
  const width = kind === 'mlp.fc2' ? out : inner;
  return Math.max(2, Math.round(width / 128));
}

/** The highest rank that a Linear has. */
const highestRank = (linears: readonly KarstLinear[]): number =>
  linears.reduce((most, { rank }) => Math.max(most, rank), 0);

/** Every Linear that the options adapt, in the order in which its tensors and masks are packed. */
export function karstLinears({ linears }: ModelSpec, o: KarstOptions): KarstLinear[] {
  const rescaled = o.rescale !== 'none';
  return targeted(linears, o.targetModules).map((linear) => {
    const [m, n] = factorize(linear.in, o.factor);
    const [l, k] = factorize(linear.out / linear.parts, o.factor);
    const { kind } = linear;
    return {
      ...linear,
      ...{ l, k, m, n },
      rank: rankOf(linear, o),
      // The sites of the published code: the attention output, the projection's output, the MLP's output.
      rescaleIn: rescaled && kind === 'attn.proj',
      rescaleOut: rescaled && (kind === 'attn.proj' || kind === 'mlp.fc2'),
    };
  });
}

/**
 * `karst_c (N, l, m)`, `karst_a (N, r, k)` or `(N, 3, r, k)` for qkv, `karst_b (N, n, r)`; re-scaling `in_scale`, `in_shift`
 * and `out_scale`, `out_shift` where a Linear has them: `(1)` or `(features)`.
 *
 * karst_b starts at zero (so ΔW is exactly zero), re-scaling at 1 and 0, karst_c and karst_a
 * - `gaussian`: with deviations 1/√(N·m) and 1/√k. The paper says Gaussian and prints no deviation; with these the first
 *   updates of ΔW are as large whatever the number of kernels, and near LoRA's at equal rank.
 * - `kaiming`: uniform with a = √5 over the last axis as fan-in, bound 1/√fan, as the published code draws them.
 */
function tensorsOf(linear: KarstLinear, o: KarstOptions): TensorSpec[] {
  const { path, l, k, m, n, parts, rank: r } = linear;
  const { kernels: N } = o;
  const factor = (leaf: string, shape: readonly number[], init: Initialiser): TensorSpec => ({
    name: `${path}.karst_${leaf}`,
    shape,
    role: 'matrix',
    init,
  });
  const drawn = (fan: number, kernels: number): Initialiser =>
    o.init === 'gaussian'
      ? { kind: 'normal', deviation: 1 / Math.sqrt(kernels * fan) }
      : { kind: 'uniform', bound: 1 / Math.sqrt(fan) };
  const side = (site: 'in' | 'out', features: number): TensorSpec[] =>
    (['scale', 'shift'] as const).map((leaf) => ({
      name: `${path}.${site}_${leaf}`,
      shape: [o.rescale === 'channel' ? features : 1],
      role: 'scale',
      init: { kind: 'constant', value: leaf === 'scale' ? 1 : 0 },
    }));
  return [
    factor('c', [N, l, m], drawn(m, N)),
    factor('a', parts === 3 ? [N, 3, r, k] : [N, r, k], drawn(k, 1)),
    factor('b', [N, n, r], { kind: 'constant', value: 0 }),
    ...(linear.rescaleIn ? side('in', linear.in) : []),
    ...(linear.rescaleOut ? side('out', linear.out) : []),
  ];
}

/** The settings of the published code. */
const PUBLISHED = {
  optimizer: { learningRate: 1e-3, weightDecay: 1e-4, decayOn: 'all', clipNorm: 0 },
  schedule: { epochs: 100, warmupEpochs: 10, warmupStart: 0.01, cosineEnd: 0.1 },
  augmentation: { cropScaleMin: 1, flip: false },
  dropPath: 0.1,
  batchSize: 32,
};
const PUBLISHED_OPTIONS = {
  rank: 8,
  factor: 8,
  kernels: 8,
  alpha: 1,
  init: 'kaiming',
  rescale: 'scalar',
} as const;

/** KARST: a sum of low-rank Kronecker products beside each frozen weight; see docs/karst.md. */
export const karst: MethodSpec<'karst', KarstOptions, 'paper-code' | 'compact'> = {
  name: 'karst',
  title: 'KARST',
  paper: '2502.06779',
  scope: 'adapter',
  merges: true,
  families: null,
  options,
  added: (model, o) => karstLinears(model, o).flatMap((linear) => tensorsOf(linear, o)),
  trainsInPlace: () => false,
  noise: [
    {
      // Leaves rank directions out of a step and scales up the others: (adapted linears, kernels · highest rank).
      name: 'rankDropout',
      shape: (model, o) => {
        const linears = karstLinears(model, o);
        return o.rankDropout === 0 ? null : [linears.length, o.kernels * highestRank(linears)];
      },
      draw: (uniform, { rankDropout: p }) => (uniform() < p ? 0 : 1 / (1 - p)),
    },
  ],
  presets: {
    'paper-code': { options: PUBLISHED_OPTIONS, settings: PUBLISHED },
    compact: { options: { ...PUBLISHED_OPTIONS, kernels: 2 }, settings: PUBLISHED },
  },
};
