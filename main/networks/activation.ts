import type { VitArchitecture } from '../../shared/models/vit.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';

type Activation = (x: Tensor) => Tensor;

/** The factor within the sigmoid of QuickGELU. */
const QUICK = 1.702;
/** √(2 / π) and the cubic term's factor of the approximation by tanh (arXiv 1606.08415). */
const TANH = { outer: Math.sqrt(2 / Math.PI), cubic: 0.044_715 };

const ACTIVATIONS: Readonly<Record<NonNullable<VitArchitecture['activation']>, Activation>> = {
  'gelu-tanh': (x) => {
    const cubic = g.mul(g.mul(g.mul(x, x), x), g.scalar(TANH.cubic));
    const inner = g.mul(g.add(x, cubic), g.scalar(TANH.outer));
    return g.mul(g.mul(x, g.scalar(0.5)), g.add(g.tanh(inner), g.scalar(1)));
  },
  'quick-gelu': (x) => g.mul(x, g.sigmoid(g.mul(x, g.scalar(QUICK)))),
  silu: (x) => g.mul(x, g.sigmoid(x)),
};

/** Default: exact GELU. */
export function activate(x: Tensor, { activation }: Pick<VitArchitecture, 'activation'>): Tensor {
  return activation === undefined ? g.gelu(x) : ACTIVATIONS[activation](x);
}
