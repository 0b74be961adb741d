import type { OptimizerOptions } from '../../../shared/domain/training.ts';
import * as g from '../../graph/operations.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import type { Update } from '../../graph/program.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { decayed, scalarAt } from './optimizer.ts';
import { orthogonalPiece, type ParameterGroup } from './parameters.ts';

/**
 * Muon (Keller Jordan, https://kellerjordan.github.io/posts/muon): momentum with orthogonalised
 * matrices, so that updates are equally large in all directions of a weight matrix.
 */
export interface MuonState {
  readonly kind: 'muon';
  readonly group: ParameterGroup;
  readonly parameters: Variable;
  readonly momentum: Variable;
}

const MUON = {
  momentum: 0.95,
  iterations: 5,
  /** Of the quintic a·x + b·x³ + c·x⁵, which takes singular values from (0, 1] to about 0.7 … 1.2. */
  quintic: [3.4445, -4.775, 2.0315],
  epsilon: 1e-7,
} as const;

export function muonState(group: ParameterGroup): MuonState {
  const vector = (role: string): Variable => g.variable(`${role}.${group.name}`, [group.size]);
  return { kind: 'muon', group, parameters: vector('trained'), momentum: vector('momentum') };
}

/**
 * m ← μ m + g; p ← p (1 − lr·λ) − lr · √max(1, rows / columns) · orthogonal(g + μ m), matrix by
 * matrix, where lr is Muon's learning rate. `scalars` (4) as `stepScalars` gives them.
 */
export function muonUpdates(
  state: MuonState,
  gradient: Tensor,
  scalars: Tensor,
  o: OptimizerOptions,
): Update[] {
  const rate = scalarAt(scalars, 3);
  const friction = g.scalar(MUON.momentum);
  const momentum = g.add(g.mul(friction, state.momentum), gradient);
  const direction = g.add(gradient, g.mul(friction, momentum));
  const updates = stacks(state.group).map(({ offset, count, rows, columns }) => {
    const size = count * rows * columns;
    const stack = g.reshape(g.slice(direction, [offset], [size]), [count, rows, columns]);
    const scale = g.scalar(Math.sqrt(Math.max(1, rows / columns)));
    return g.reshape(g.mul(scale, orthogonalised(stack)), [size]);
  });
  return [
    {
      variable: state.parameters,
      value: g.sub(decayed(state.parameters, rate, o), g.mul(rate, g.concat(updates, 0))),
    },
    { variable: state.momentum, value: momentum },
  ];
}

interface Stack {
  readonly offset: number;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

/** The runs of equal matrices in the group's packed vector. */
function stacks(group: ParameterGroup): Stack[] {
  const found: Stack[] = [];
  for (const tensor of group.tensors) {
    const { offset, size } = tensor;
    const { rows, columns } = orthogonalPiece(tensor);
    const count = size / (rows * columns);
    const last = found.at(-1);
    if (last?.rows === rows && last.columns === columns)
      found[found.length - 1] = { ...last, count: last.count + count };
    else found.push({ offset, count, rows, columns });
  }
  return found;
}

/** The nearly orthogonal matrix U Vᵀ of each G = U S Vᵀ, by Newton–Schulz iterations; (count, rows, columns). */
function orthogonalised(stack: Tensor): Tensor {
  const [, rows = 0, columns = 0] = stack.shape;
  const tall = rows > columns;
  const norm = g.sqrt(g.sum(g.mul(stack, stack), [1, 2], true));
  let x = g.div(stack, g.add(norm, g.scalar(MUON.epsilon)));
  if (tall) x = g.transpose(x, [0, 2, 1]);
  const [a, b, c] = MUON.quintic;
  for (let i = 0; i < MUON.iterations; i++) {
    const square = g.matmul(x, x, { transposeB: true });
    const higher = g.add(g.mul(g.scalar(b), square), g.mul(g.scalar(c), g.matmul(square, square)));
    x = g.add(g.mul(g.scalar(a), x), g.matmul(higher, x));
  }
  return tall ? g.transpose(x, [0, 2, 1]) : x;
}
