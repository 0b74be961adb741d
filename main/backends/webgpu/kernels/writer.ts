import { staticShape, type Tensor } from '../../../graph/tensor.ts';
import { Block } from '../block.ts';
import type { Element } from '../element.ts';
import { Expressions } from '../expression.ts';
import type { Kernel } from '../fusion.ts';
import type { Shader } from '../shader.ts';
import { sizeOfTensor, type Storage } from '../storage.ts';

/** What the text of a kernel is made from. */
export interface KernelSource {
  readonly kernel: Kernel;
  readonly storage: Storage;
  readonly shader: Shader;
}

/**
 * Defines the function `name(parameters…) -> f32`, an element of an operand at the coordinates that
 * `at` makes of the parameters.
 */
export function defineOperand(
  { kernel, storage, shader }: KernelSource,
  name: string,
  operand: Tensor,
  parameters: readonly string[],
  at: (block: Block) => Element,
): void {
  const block = new Block();
  const value = new Expressions(kernel, storage, shader, block).value(operand, at(block));
  const type = operand.dtype === 'int32' ? 'i32' : 'f32';
  const list = parameters.map((one) => `${one}: u32`).join(', ');
  shader.define(`fn ${name}(${list}) -> ${type} {\n${block.text()}\nreturn ${value};\n}`);
}

/**
 * Adds statements that compute and write all outputs of the kernel at one element. All are computed
 * before the first is written, as one may lie where another's old value is read.
 * @param result name of the element of the anchor's result
 */
export function writeOutputs(
  { kernel, storage, shader }: KernelSource,
  block: Block,
  element: Element,
  result: string | null,
): void {
  const { anchor, outputs } = kernel;
  const bound = anchor === null || result === null ? null : { anchor, name: result };
  const expressions = new Expressions(kernel, storage, shader, block, bound);
  const made = outputs.map((output) => {
    const own = element.reshaped(block, staticShape(output.shape));
    const value = output === anchor && result !== null ? result : expressions.computed(output, own);
    return { output, value, number: own.number(block) };
  });
  for (const { output, value, number } of made) {
    const place = storage.find(output);
    if (place === null) throw new Error(`the result of "${output.op}" has no memory`);
    const size = sizeOfTensor(output);
    const target = shader.element(place, size, output.dtype, number, block);
    block.add(`${target} = ${output.dtype === 'bool' ? `select(0u, 1u, ${value})` : value};`);
  }
}

/** Defines `finish(parameters…, result)`, which writes the outputs at one element. */
export function defineFinish(
  source: KernelSource,
  parameters: readonly string[],
  type: 'f32' | 'i32',
  at: (block: Block) => Element,
): void {
  const block = new Block();
  writeOutputs(source, block, at(block), 'result');
  const list = parameters.map((one) => `${one}: u32, `).join('');
  source.shader.define(`fn finish(${list}result: ${type}) {\n${block.text()}\n}`);
}
