import type { VitArchitecture } from '../../shared/models/vit.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import { activate } from './activation.ts';
import type { Build } from './build.ts';

export type MlpShape = Pick<VitArchitecture, 'mlpDim' | 'mlp' | 'mlpNorm' | 'activation'>;

/**
 * The MLP `path` on rows (rows, width), with a gate where there is one (arXiv 2002.05202).
 * @param source from which the rows are cheap to compute; see `Build.linear`
 */
export function mlp(path: string, x: Tensor, a: MlpShape, build: Build, source?: Tensor): Tensor {
  const hidden = hiddenOf(path, x, a, build, source);
  const normed = a.mlpNorm ? build.norm(`${path}.norm`, hidden) : hidden;
  return build.linear(`${path}.fc2`, normed);
}

/** The activated hidden layer, (rows, mlpDim). */
function hiddenOf(
  path: string,
  x: Tensor,
  a: MlpShape,
  { linear }: Build,
  source?: Tensor,
): Tensor {
  if (a.mlp === 'split-glu') {
    const gate = linear(`${path}.fc1_g`, x, source);
    const value = linear(`${path}.fc1_x`, x, source);
    return g.mul(g.remat(activate(gate, a), gate), value);
  }
  const first = linear(`${path}.fc1`, x, source);
  if (a.mlp === undefined) return g.remat(activate(first, a), first);
  const [rows = 0] = first.shape;
  const part = (begin: number): Tensor => g.slice(first, [0, begin], [rows, a.mlpDim]);
  return g.remat(g.mul(activate(part(0), a), part(a.mlpDim)), first);
}
