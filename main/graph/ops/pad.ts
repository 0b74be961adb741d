import { plus } from '../dim.ts';
import { apply, isShape, need, needType, NUMBER, type Operation } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export const PAD: Operation<'pad', Attributes> = {
  name: 'pad',
  infer([x], { before, after }) {
    need(
      before.length === x.shape.length &&
        after.length === x.shape.length &&
        isShape([...before, ...after]),
      () => `pad of ${shapeText(x.shape)} by ${before.join()} and ${after.join()}`,
    );
    needType('pad', [x], NUMBER);
    const shape = x.shape.map((side, axis) => plus(side, (before[axis] ?? 0) + (after[axis] ?? 0)));
    return { shape, dtype: x.dtype };
  },
  gradient: ({ inputs: [x], attributes: { before } }, dy, g) => [g.slice(dy, before, x.shape)],
};

/** Pads `x` with zeros. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  const padded = apply(PAD, [x], { before, after });
  return sameShape(x.shape, padded.shape) ? x : padded;
}
