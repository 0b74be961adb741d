import { above, flag, whole } from '../fields/field.ts';
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
    help: 'Rank of the larger Kronecker factor. It is stored whole where the rank is half of its side or more.',
    affects: ['results', 'speed', 'memory'],
  }),
  alpha: above(0, 10_000, {
    default: 8,
    usual: [0.1, 512],
    step: 1,
    help: 'Strength of the adapter: its change of the weights is multiplied by alpha / rank.',
    affects: ['results'],
  }),
  factor: whole(1, 4096, {
    default: -1,
    special: { value: -1, meaning: 'the most balanced factors' },
    stored: 'decompose_factor',
    help: 'Upper bound of the smaller side of each Kronecker factorization. -1 makes both sides as equal as possible.',
    affects: ['results', 'speed', 'memory'],
  }),
  decomposeBoth: flag({
    default: false,
    help: 'Give the smaller factor a low rank, too.',
    affects: ['results', 'speed', 'memory'],
  }),
  targetModules,
});

export type LokrOptions = OptionsOf<typeof options>;

/** An adapted Linear: w1 (l, m), w2 (k, n), of low rank where they are not whole. */
export interface LokrLinear extends LinearSpec {
  readonly l: number;
  readonly k: number;
  readonly m: number;
  readonly n: number;
  readonly whole: { readonly w1: boolean; readonly w2: boolean };
}

/** Every Linear that the options adapt, in the order in which its tensors are packed. */
export function lokrLinears({ linears }: ModelSpec, o: LokrOptions): LokrLinear[] {
  return targeted(linears, o.targetModules).map((linear) => {
    const [l, k] = factorize(linear.out, o.factor);
    const [m, n] = factorize(linear.in, o.factor);
    const whole = {
      w1: !o.decomposeBoth || o.rank >= Math.max(l, m) / 2,
      w2: o.rank >= Math.max(k, n) / 2,
    };
    return { ...linear, l, k, m, n, whole };
  });
}

/** PEFT's Kaiming-uniform (a = √5) of a matrix with so many columns. */
const kaiming = (columns: number): Initialiser => ({
  kind: 'uniform',
  bound: 1 / Math.sqrt(columns),
});
const ZERO: Initialiser = { kind: 'constant', value: 0 };

function tensorsOf(linear: LokrLinear, rank: number): TensorSpec[] {
  const { path, l, k, m, n, whole: isWhole } = linear;
  const matrix = (leaf: string, shape: readonly number[], init: Initialiser): TensorSpec => ({
    name: `${path}.lokr_${leaf}`,
    shape,
    role: 'matrix',
    init,
  });
  return [
    ...(isWhole.w1
      ? [matrix('w1', [l, m], ZERO)]
      : [matrix('w1_a', [l, rank], ZERO), matrix('w1_b', [rank, m], kaiming(m))]),
    ...(isWhole.w2
      ? [matrix('w2', [k, n], kaiming(n))]
      : [matrix('w2_a', [k, rank], kaiming(rank)), matrix('w2_b', [rank, n], kaiming(n))]),
  ];
}

/**
 * LoKr (arXiv 2309.14859) as PEFT defines it: W + (alpha / r) · w1 ⊗ w2, each factor whole or a
 * product of two of rank r; w1 or its first factor is zero at the start. Tensors have PEFT's names.
 */
export const lokr: MethodSpec<'lokr', LokrOptions> = {
  name: 'lokr',
  title: 'LoKr',
  paper: '2309.14859',
  scope: 'adapter',
  merges: true,
  families: null,
  options,
  added: (model, o) => lokrLinears(model, o).flatMap((linear) => tensorsOf(linear, o.rank)),
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
