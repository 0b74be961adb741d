import * as g from './operations.ts';
import { lastAxis, type Tensor } from './tensor.ts';

/** Layer normalisation (arXiv 1607.06450) over the last axis, and its gradient, in operations of their own. */

interface Normalised {
  /** (x − mean) · r. */
  readonly values: Tensor;
  /** 1 / sqrt(variance + ε), with a last axis of 1. */
  readonly r: Tensor;
}

function normalised(x: Tensor, epsilon: number): Normalised {
  const centred = g.sub(x, g.mean(x, lastAxis(x), true));
  const variance = g.mean(g.mul(centred, centred), lastAxis(x), true);
  const r = g.rsqrt(g.add(variance, g.scalar(epsilon)));
  return { values: g.mul(centred, r), r };
}

export function layerNormOf(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return g.add(g.mul(normalised(x, epsilon).values, weight), bias);
}

/** With n = (x − μ) r and dn = dy ⊙ weight: r · (dn − mean(dn) − n · mean(dn · n)). */
export function layerNormGradientOf(
  x: Tensor,
  weight: Tensor,
  dy: Tensor,
  epsilon: number,
): Tensor {
  const { values, r } = normalised(x, epsilon);
  const dn = g.mul(dy, weight);
  const projected = g.mul(values, g.mean(g.mul(dn, values), lastAxis(x), true));
  return g.mul(r, g.sub(g.sub(dn, g.mean(dn, lastAxis(x), true)), projected));
}

/** Towards the weight, before it is summed over all but the last axis: dy ⊙ n. */
export function weightGradientOf(x: Tensor, dy: Tensor, epsilon: number): Tensor {
  return g.mul(dy, normalised(x, epsilon).values);
}
