import { apply, need, type Operation } from '../operation.ts';
import { shapeText, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly permutation: readonly number[];
}

export const TRANSPOSE: Operation<'transpose', Attributes> = {
  name: 'transpose',
  infer([x], { permutation }) {
    need(
      [...permutation].sort((a, b) => a - b).every((axis, i) => axis === i) &&
        permutation.length === x.shape.length,
      () => `permutation ${permutation.join()} of ${shapeText(x.shape)}`,
    );
    return { shape: permutation.map((axis) => x.shape[axis] ?? 0), dtype: x.dtype };
  },
  gradient({ attributes: { permutation } }, dy, g) {
    const inverse: number[] = [];
    permutation.forEach((from, to) => (inverse[from] = to));
    return [g.transpose(dy, inverse)];
  },
};

export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  return apply(TRANSPOSE, [x], { permutation });
}
