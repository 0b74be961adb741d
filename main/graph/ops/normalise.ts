import { isOpen } from '../dim.ts';
import type { Language } from '../language.ts';
import { need } from '../operation.ts';
import { lastAxis, sameShape, shapeText, type Tensor } from '../tensor.ts';

/** Helpers shared by layer normalisation (arXiv 1607.06450) and its gradient. */

export interface EpsilonAttributes {
  readonly epsilon: number;
}

interface Normalised {
  /** (x − mean) · r. */
  readonly values: Tensor;
  /** 1 / sqrt(variance + ε), with a last axis of size 1. */
  readonly r: Tensor;
}

/** Normalises over the last axis. */
export function normalise(g: Language, x: Tensor, epsilon: number): Normalised {
  const centred = g.sub(x, g.mean(x, lastAxis(x), true));
  const variance = g.mean(g.mul(centred, centred), lastAxis(x), true);
  const r = g.rsqrt(g.add(variance, g.scalar(epsilon)));
  return { values: g.mul(centred, r), r };
}

/**
 * @throws GraphError for a weight whose width differs from that of x, an open width or a negative ε
 */
export function needLayerNorm(op: string, x: Tensor, weight: Tensor, epsilon: number): void {
  need(
    sameShape(weight.shape, x.shape.slice(-1)) &&
      weight.shape.every((side) => !isOpen(side)) &&
      x.shape.length > 0 &&
      epsilon >= 0,
    () =>
      `${op} of ${shapeText(x.shape)} with a weight of ${shapeText(weight.shape)}, ε = ${String(epsilon)}`,
  );
}
