import { staticShape } from '../../../graph/tensor.ts';
import { Block, u32 } from '../block.ts';
import { costOf } from '../classes.ts';
import { Element } from '../element.ts';
import { shapeName, type Dispatch } from '../shader.ts';
import { sizeOfTensor } from '../storage.ts';
import { writeOutputs, type KernelSource } from './writer.ts';

const THREADS = 256;

/** A kernel without an anchor: a thread computes one element of each output. */
export function elementwise(source: KernelSource): Dispatch {
  const [first] = source.kernel.outputs;
  if (first === undefined) throw new Error('a kernel without outputs');
  const size = sizeOfTensor(first);
  const block = new Block();
  block.add(`let at = group * ${u32(THREADS)} + lane;`);
  if (size % THREADS !== 0) block.add(`if (at >= ${u32(size)}) { return; }`);
  writeOutputs(source, block, Element.numbered(staticShape(first.shape), 'at'), null);
  const cost = source.kernel.outputs.reduce((sum, output) => sum + 1 + costOf(output), 0);
  return source.shader.dispatch(
    `${source.kernel.outputs.map(({ op }) => op).join('+')} ${shapeName(first)}`,
    { groups: Math.ceil(size / THREADS), threads: THREADS, body: block.text() },
    size * cost,
  );
}
