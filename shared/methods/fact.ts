import { above, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { Initialiser, LinearSpec, ModelSpec, TensorSpec } from '../models/spec.ts';
import type { MethodSpec } from './method.ts';

const options = group({
  rank: whole(1, 1024, {
    default: 32,
    usual: [1, 128],
    help: 'Rank of the change of each weight. Its parameters grow with the square of the rank.',
    affects: ['results', 'speed', 'memory'],
  }),
  scale: above(0, 10_000, {
    default: 1,
    usual: [0.01, 100],
    step: 'tenth',
    help: 'Strength of the adapter: its change of the weights is multiplied by this.',
    affects: ['results'],
  }),
});

export type FactOptions = OptionsOf<typeof options>;

/** An adapted Linear, cut into square matrices of the block's width; the last one may be cut off. */
export interface FactLinear extends LinearSpec {
  /** Of the block. U and V are shared by all of this width. */
  readonly width: number;
  readonly pieces: { readonly in: number; readonly out: number };
}

/** Every Linear of the blocks. */
export function factLinears({ linears }: ModelSpec): FactLinear[] {
  let width = 0;
  return linears.map((linear) => {
    if (linear.kind === 'attn.qkv') width = linear.in;
    const pieces = { in: Math.ceil(linear.in / width), out: Math.ceil(linear.out / width) };
    return { ...linear, width, pieces };
  });
}

/** PyTorch's initialisation of a Linear with so many inputs. */
const drawn = (inputs: number): Initialiser => ({ kind: 'uniform', bound: 1 / Math.sqrt(inputs) });

const matrix = (name: string, shape: readonly number[], init: Initialiser): TensorSpec => ({
  name,
  shape,
  role: 'matrix',
  init,
});

/**
 * FacT-TT (arXiv 2212.03145): the changes of all weights as one tensor train. Of each square piece
 * of a weight ΔW = s · V Σ U, with U `fact.<width>.u (r, width)` and V `fact.<width>.v (width, r)`
 * shared by the network (of Swin by a stage), and Σ r × r for each piece, `<path>.fact (pieces of
 * outputs · r, pieces of inputs · r)`. V is zero at the start.
 */
export const fact: MethodSpec<'fact', FactOptions> = {
  name: 'fact',
  title: 'FacT-TT',
  paper: '2212.03145',
  scope: 'adapter',
  merges: true,
  families: null,
  options,
  added: (model, { rank }) => {
    const linears = factLinears(model);
    const widths = [...new Set(linears.map(({ width }) => width))];
    return [
      ...widths.flatMap((width) => [
        matrix(`fact.${String(width)}.u`, [rank, width], drawn(width)),
        matrix(`fact.${String(width)}.v`, [width, rank], { kind: 'constant', value: 0 }),
      ]),
      ...linears.map(({ path, pieces }) =>
        matrix(`${path}.fact`, [pieces.out * rank, pieces.in * rank], drawn(pieces.in * rank)),
      ),
    ];
  },
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
