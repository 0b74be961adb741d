import { broadcastShape, sumTo } from '../broadcast.ts';
import { apply, need, type Operation } from '../operation.ts';
import { sameShape, shapeText, type Shape, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly shape: Shape;
}

export const BROADCAST_TO: Operation<'broadcastTo', Attributes> = {
  name: 'broadcastTo',
  infer([x], { shape }) {
    need(
      sameShape(broadcastShape(x.shape, shape), shape),
      () => `broadcast of ${shapeText(x.shape)} to ${shapeText(shape)}`,
    );
    return { shape, dtype: x.dtype };
  },
  gradient: ({ inputs: [x] }, dy, g) => [sumTo(g, dy, x.shape)],
};

export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(BROADCAST_TO, [x], { shape });
}
