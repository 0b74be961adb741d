import { apply, FLOAT, float32, need, needType, type Operation, type Pair } from '../operation.ts';
import { sameShape, shapeText, sizeOf, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly rows: number;
}

export const GATHER_GRADIENT: Operation<'gatherGradient', Attributes, Pair> = {
  name: 'gatherGradient',
  infer([dy, indices], { rows }) {
    needType('gatherGradient', [dy], FLOAT);
    const axes = indices.shape.length;
    need(
      indices.dtype === 'int32' && sameShape(dy.shape.slice(0, axes), indices.shape),
      () => `gatherGradient of ${shapeText(dy.shape)} by ${shapeText(indices.shape)}`,
    );
    return float32([rows, ...dy.shape.slice(axes)]);
  },
  gradient: 'once',
  // A product with a one-hot matrix sums in a fixed order on every back end; scatter-add does not.
  decompose(node, g) {
    const [dy, indices] = node.inputs;
    const { rows } = node.attributes;
    const count = sizeOf(indices.shape);
    const given = g.broadcastTo(g.reshape(indices, [count, 1]), [count, rows]);
    const numbers = g.constant(
      Int32Array.from({ length: rows }, (_, row) => row),
      [rows],
    );
    const one = (a: Tensor, b: Tensor): Tensor => g.cast(g.greaterEqual(a, b), 'float32');
    const oneHot = g.mul(one(given, numbers), one(numbers, given));
    const flat = g.reshape(dy, [count, sizeOf(node.shape.slice(1))]);
    return g.reshape(g.matmul(oneHot, flat, { transposeA: true }), node.shape);
  },
};

/**
 * Backward pass of `gather`: sums the slices of dy into `rows` rows, at the positions given by
 * `indices`.
 */
export function gatherGradient(dy: Tensor, indices: Tensor, rows: number): Tensor {
  return apply(GATHER_GRADIENT, [dy, indices], { rows });
}
