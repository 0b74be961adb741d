import { sumTo } from '../broadcast.ts';
import type { Language } from '../language.ts';
import type { Tensor } from '../tensor.ts';

/** The gradients of a maximum or minimum: dy goes to `a` where it was chosen, else to `b`; ties go to `a`. */
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
