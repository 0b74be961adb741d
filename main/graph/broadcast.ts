import { sameDim } from './dim.ts';
import type { Language } from './language.ts';
import { need } from './operation.ts';
import { shapeText, type Shape, type Tensor } from './tensor.ts';

/** Returns the broadcast shape of two shapes under NumPy's rules. @throws GraphError */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    need(
      sameDim(x, y) || x === 1 || y === 1,
      () => `${shapeText(a)} and ${shapeText(b)} do not broadcast`,
    );
    return x === 1 ? y : x;
  });
}

/** Undoes broadcasting: sums `dy` over the axes along which a tensor of `shape` was repeated. */
export function sumTo(g: Language, dy: Tensor, shape: Shape): Tensor {
  const extra = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((side, axis) =>
    axis < extra || (shape[axis - extra] === 1 && side !== 1) ? [axis] : [],
  );
  return g.reshape(g.sum(dy, axes), shape);
}
