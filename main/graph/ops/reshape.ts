import { sameDim } from '../dim.ts';
import { apply, need, type Operation } from '../operation.ts';
import { sameShape, shapeText, sizeOf, type Shape, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly shape: Shape;
}

export const RESHAPE: Operation<'reshape', Attributes> = {
  name: 'reshape',
  infer([x], { shape }) {
    need(
      sameDim(sizeOf(x.shape), sizeOf(shape)),
      () => `reshape of ${shapeText(x.shape)} to ${shapeText(shape)}`,
    );
    return { shape, dtype: x.dtype };
  },
  gradient: ({ inputs: [x] }, dy, g) => [g.reshape(dy, x.shape)],
};

export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(RESHAPE, [x], { shape });
}
