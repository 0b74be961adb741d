import type { NodeOf } from '../../../graph/registry.ts';
import { kroneckerSizes } from '../../../graph/ops/kronecker.ts';
import { staticShape } from '../../../graph/tensor.ts';
import { Block, u32 } from '../block.ts';
import { Element } from '../element.ts';
import { shapeName, type Dispatch } from '../shader.ts';
import { sizeOfTensor } from '../storage.ts';
import { defineFinish, defineOperand, type KernelSource } from './writer.ts';

const THREADS = 256;

/** A weight plus a sum of Kronecker products: a thread computes one element. */
export function addKronecker(source: KernelSource, node: NodeOf<'addKronecker'>): Dispatch {
  const [weight, c, d] = node.inputs;
  const shape = staticShape(node.shape);
  const { kernels, splits, l, k, m, n } = kroneckerSizes(c, d);
  const size = sizeOfTensor(node);
  defineOperand(source, 'weight_at', weight, ['at'], () => Element.numbered(shape, 'at'));
  const parameters = ['kernel', 'row', 'column'];
  defineOperand(source, 'c_at', c, parameters, () => Element.at(staticShape(c.shape), parameters));
  defineOperand(source, 'd_at', d, ['kernel', 'part', 'row', 'column'], () =>
    Element.at(staticShape(d.shape), ['kernel', 'part', 'row', 'column']),
  );
  defineFinish(source, ['at'], 'f32', () => Element.numbered(shape, 'at'));
  const block = new Block();
  const [part, p, row, q, column] = Element.numbered([splits, l, k, m, n], 'at').coordinates(block);
  const body = `let at = group * ${u32(THREADS)} + lane;
if (at >= ${u32(size)}) { return; }
${block.text()}
var sum = weight_at(at);
for (var kernel = 0u; kernel < ${u32(kernels)}; kernel++) {
sum += c_at(kernel, ${p ?? ''}, ${q ?? ''}) * d_at(kernel, ${part ?? ''}, ${row ?? ''}, ${column ?? ''});
}
finish(at, sum);`;
  const groups = Math.ceil(size / THREADS);
  const work = size * kernels * 2;
  return source.shader.dispatch(
    `addKronecker ${shapeName(node)}`,
    { groups, threads: THREADS, body },
    work,
  );
}
