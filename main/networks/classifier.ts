import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/** Maps features (batch, width) to logits (batch, classes). */
export function classify(features: Tensor, { param }: Pick<Build, 'param'>): Tensor {
  return g.add(g.matmul(features, param('head.weight'), { transposeB: true }), param('head.bias'));
}
