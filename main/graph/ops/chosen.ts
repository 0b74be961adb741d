import { sumTo } from '../broadcast.ts';
import type { Language } from '../language.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Returns the gradients of maximum or minimum: dy flows to the selected operand, on ties to `a`.
 */
export function towardsChosen(
  g: Language,
  aChosen: Tensor,
  dy: Tensor,
  [a, b]: readonly [Tensor, Tensor],
): [Tensor, Tensor] {
  const zero = g.broadcastTo(g.scalar(0), dy.shape);
  return [
    sumTo(g, g.select(aChosen, dy, zero), a.shape),
    sumTo(g, g.select(aChosen, zero, dy), b.shape),
  ];
}
