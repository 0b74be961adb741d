import type { VitArchitecture } from '../../shared/models/vit.ts';
import { times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/**
 * Maps (batch, 3, S, S) to (batch, patches, width), the patches in row-major order: a convolution
 * whose stride is its size, without padding, so that what no whole patch covers is not read.
 */
export function embedPatches(
  images: Tensor,
  { imageSize, patchSize: p, width: d }: Pick<VitArchitecture, 'imageSize' | 'patchSize' | 'width'>,
  { param }: Build,
  bias = true,
): Tensor {
  const [batch = 0] = images.shape;
  const side = Math.floor(imageSize / p);
  const inner = 3 * p * p;
  const covered = g.slice(images, [0, 0, 0, 0], [batch, 3, side * p, side * p]);
  const boxes = g.reshape(covered, [batch, 3, side, p, side, p]);
  const rows = g.reshape(g.transpose(boxes, [0, 2, 4, 1, 3, 5]), [
    times(batch, side * side),
    inner,
  ]);
  const kernel = g.reshape(param('patch_embed.proj.weight'), [d, inner]);
  const embedded = g.matmul(rows, kernel, { transposeB: true });
  const biased = bias ? g.add(embedded, param('patch_embed.proj.bias')) : embedded;
  return g.reshape(biased, [batch, side * side, d]);
}

/**
 * Maps (batch, 3, S, S) to (batch, tokens, width): class token, distillation token, registers,
 * patches, with their position embeddings.
 */
export function embed(images: Tensor, a: VitArchitecture, build: Build): Tensor {
  const [batch = 0] = images.shape;
  const patches = embedPatches(images, a, build, a.patchBias !== false);
  const token = (name: string, count = 1): Tensor =>
    g.broadcastTo(build.param(name), [batch, count, a.width]);
  const before = [
    ...(a.classToken === false ? [] : [token('cls_token')]),
    ...(a.distillationToken ? [token('dist_token')] : []),
    ...(a.registers === undefined ? [] : [token('reg_token', a.registers)]),
  ];
  const joined = (rest: Tensor): Tensor =>
    before.length === 0 ? rest : g.concat([...before, rest], 1);
  const positioned = (x: Tensor): Tensor =>
    a.positions === 'none' ? x : g.add(x, build.param('pos_embed'));
  const tokens = a.patchPositions ? joined(positioned(patches)) : positioned(joined(patches));
  return a.preNorm ? build.norm('norm_pre', tokens) : tokens;
}
