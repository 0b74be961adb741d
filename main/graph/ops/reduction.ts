import { need } from '../operation.ts';
import { shapeText, type Shape } from '../tensor.ts';

export interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** A shape without the axes that are reduced, or with a side of 1 in their place. @throws GraphError */
export function reducedShape(shape: Shape, { axes, keepDims }: ReductionAttributes): Shape {
  const gone = new Set(axes);
  need(
    gone.size === axes.length && axes.every((a) => a >= 0 && a < shape.length),
    () => `axes ${axes.join()} of ${shapeText(shape)}`,
  );
  if (keepDims) return shape.map((side, axis) => (gone.has(axis) ? 1 : side));
  return shape.filter((_, axis) => !gone.has(axis));
}
