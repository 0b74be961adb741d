import { isOpen, sameDim, type Dim } from '../dim.ts';
import { apply, need, type Operation } from '../operation.ts';
import { sameShape, shapeText, staticShape, type Shape, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly begin: readonly number[];
  readonly shape: Shape;
}

export const SLICE: Operation<'slice', Attributes> = {
  name: 'slice',
  infer([x], { begin, shape }) {
    need(
      begin.length === x.shape.length &&
        shape.length === x.shape.length &&
        begin.every((b, axis) => isWithin(b, shape[axis] ?? 0, x.shape[axis] ?? 0)),
      () => `slice ${begin.join()} ${shapeText(shape)} of ${shapeText(x.shape)}`,
    );
    return { shape, dtype: x.dtype };
  },
  gradient({ inputs: [x], attributes: { begin } }, dy, g) {
    const sides = staticShape(dy.shape);
    const after = staticShape(x.shape).map(
      (side, axis) => side - (begin[axis] ?? 0) - (sides[axis] ?? 0),
    );
    return [g.pad(dy, begin, after)];
  },
};

/** A dimension with an open batch can only be taken whole. */
function isWithin(begin: number, side: Dim, whole: Dim): boolean {
  if (isOpen(side) || isOpen(whole)) return begin === 0 && sameDim(side, whole);
  return begin >= 0 && begin + side <= whole;
}

/** Returns the box of `shape` that starts at `begin`. */
export function slice(x: Tensor, begin: readonly number[], shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(SLICE, [x], { begin, shape });
}
