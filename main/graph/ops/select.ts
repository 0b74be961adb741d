import { apply, need, needType, NUMBER } from '../operation.ts';
import type { NoAttributes, Operation, Triple } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';

export const SELECT: Operation<'select', NoAttributes, Triple> = {
  name: 'select',
  infer([condition, a, b]) {
    need(
      condition.dtype === 'bool' &&
        sameShape(condition.shape, a.shape) &&
        sameShape(a.shape, b.shape),
      () =>
        `select over ${shapeText(condition.shape)}, ${shapeText(a.shape)}, ${shapeText(b.shape)}`,
    );
    needType('select', [a, b], NUMBER);
    return { shape: a.shape, dtype: a.dtype };
  },
  gradient({ inputs: [condition] }, dy, g) {
    const zero = g.broadcastTo(g.scalar(0), dy.shape);
    return [null, g.select(condition, dy, zero), g.select(condition, zero, dy)];
  },
};

/** `a` where `condition` holds, else `b`; all three have the same shape. */
export function select(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return apply(SELECT, [condition, a, b], {});
}
