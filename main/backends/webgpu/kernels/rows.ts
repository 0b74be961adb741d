import type { NodeOf } from '../../../graph/registry.ts';
import { staticShape, type Tensor } from '../../../graph/tensor.ts';
import { plus, times, u32, type Block } from '../block.ts';
import { Element } from '../element.ts';
import { f32, shapeName, type Dispatch } from '../shader.ts';
import { sizeOfTensor } from '../storage.ts';
import { treeFunctions, treeThreads } from './tree.ts';
import { defineFinish, defineOperand, type KernelSource } from './writer.ts';

type RowNode = NodeOf<'softmax' | 'logSoftmax' | 'layerNorm' | 'layerNormGradient'>;

/** Softmax and normalisation over the last axis: a workgroup computes a row. */
export function rows(source: KernelSource, node: RowNode): Dispatch {
  const { shader } = source;
  const shape = staticShape(node.shape);
  const width = shape.at(-1) ?? 1;
  const count = sizeOfTensor(node) / width;
  const at = (block: Block): Element =>
    Element.numbered(shape, block.let(plus(times('row', width), 'column')));
  const operand = (name: string, tensor: Tensor): void => {
    defineOperand(source, name, tensor, ['row', 'column'], at);
  };
  const side = (name: string, tensor: Tensor): void => {
    defineOperand(source, name, tensor, ['column'], () => Element.numbered([width], 'column'));
  };
  operand('x_at', node.inputs[0]);
  if (node.op === 'layerNorm' || node.op === 'layerNormGradient') side('weight_at', node.inputs[1]);
  if (node.op === 'layerNorm') side('bias_at', node.inputs[2]);
  if (node.op === 'layerNormGradient') operand('dy_at', node.inputs[2]);
  defineFinish(source, ['row', 'column'], 'f32', at);

  const threads = treeThreads(width);
  shader.declare(treeFunctions(threads));
  const each = (statement: string): string =>
    `for (var column = lane; column < ${u32(width)}; column += ${u32(threads)}) { ${statement} }`;
  const body = `let row = group;\n${bodyOf(node, each, f32(1 / width))}`;
  const groups = count;
  return shader.dispatch(
    `${node.op} ${shapeName(node)}`,
    { groups, threads, body },
    sizeOfTensor(node) * 12,
  );
}

function bodyOf(node: RowNode, each: (statement: string) => string, share: string): string {
  switch (node.op) {
    case 'softmax':
    case 'logSoftmax':
      return `var top = x_at(row, 0u);
${each('top = max(top, x_at(row, column));')}
let most = highest(lane, top);
var part = 0f;
${each('part += exp(x_at(row, column) - most);')}
let sum = total(lane, part);
${
  node.op === 'softmax'
    ? each('finish(row, column, exp(x_at(row, column) - most) / sum);')
    : `let shift = most + log(sum);\n${each('finish(row, column, x_at(row, column) - shift);')}`
}`;
    case 'layerNorm':
      return `${moments(node.attributes.epsilon, each, share)}
${each('finish(row, column, (x_at(row, column) - mean) * r * weight_at(column) + bias_at(column));')}`;
    case 'layerNormGradient':
      return `${moments(node.attributes.epsilon, each, share)}
var first = 0f;
var second = 0f;
${each(`let dn = dy_at(row, column) * weight_at(column);
first += dn;
second += dn * ((x_at(row, column) - mean) * r);`)}
let mean_dn = total(lane, first) * ${share};
let mean_product = total(lane, second) * ${share};
${each(`let dn = dy_at(row, column) * weight_at(column);
let n = (x_at(row, column) - mean) * r;
finish(row, column, r * (dn - mean_dn - n * mean_product));`)}`;
  }
}

/** Mean and 1 / √(variance + ε) of a row. */
function moments(epsilon: number, each: (statement: string) => string, share: string): string {
  return `var part = 0f;
${each('part += x_at(row, column);')}
let mean = total(lane, part) * ${share};
var square = 0f;
${each('let centred = x_at(row, column) - mean; square += centred * centred;')}
let r = inverseSqrt(total(lane, square) * ${share} + ${f32(epsilon)});`;
}
