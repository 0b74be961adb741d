import { need } from '../operation.ts';
import { shapeText, type Shape } from '../tensor.ts';

export interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Returns a shape with the reduced axes removed, or kept with size 1. @throws GraphError */
export function reducedShape(shape: Shape, { axes, keepDims }: ReductionAttributes): Shape {
  const gone = new Set(axes);
  need(
    gone.size === axes.length && axes.every((a) => a >= 0 && a < shape.length),
    () => `axes ${axes.join()} of ${shapeText(shape)}`,
  );
  if (keepDims) return shape.map((side, axis) => (gone.has(axis) ? 1 : side));
  return shape.filter((_, axis) => !gone.has(axis));
}
