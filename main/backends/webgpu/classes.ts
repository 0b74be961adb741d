import type { OpName } from '../../graph/registry.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { sizeOfTensor } from './storage.ts';

/** How operations are computed, and what their kernels can take in. */

/** Operations with a kernel of their own. All others are scalar expressions within kernels. */
const KERNELS: ReadonlySet<string> = new Set<OpName>([
  'matmul',
  'sum',
  'max',
  'softmax',
  'logSoftmax',
  'layerNorm',
  'layerNormGradient',
  'attention',
  'attentionGradient',
  'addKronecker',
]);

/** Of these, an element of the result is known in one place, where more can be computed from it. */
const WITHOUT_EPILOGUE: ReadonlySet<string> = new Set<OpName>(['attention', 'attentionGradient']);

/** Expressions that only read an element of another place. */
const MOVES: ReadonlySet<string> = new Set<OpName>([
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'pad',
  'gather',
]);

/** Number by number, with broadcasting. */
const ARITHMETIC: ReadonlySet<string> = new Set<OpName>([
  ...([
    'add',
    'sub',
    'mul',
    'maximum',
    'minimum',
    'greaterEqual',
    'select',
    'neg',
    'cast',
  ] as const),
  ...(['div', 'exp', 'log', 'sqrt', 'rsqrt', 'erf', 'tanh', 'sigmoid'] as const),
  ...(['gelu', 'geluGradient', 'stopGradient'] as const),
]);

const COSTLY: ReadonlySet<string> = new Set<OpName>([
  ...(['div', 'exp', 'log', 'sqrt', 'rsqrt', 'erf', 'tanh', 'sigmoid', 'gelu'] as const),
  'geluGradient',
]);

const REPEATS: ReadonlySet<string> = new Set<OpName>(['broadcastTo', 'reshape']);

export const hasKernel = ({ op }: Tensor): boolean => KERNELS.has(op);
export const takesEpilogue = ({ op }: Tensor): boolean => !WITHOUT_EPILOGUE.has(op);
export const isArithmetic = ({ op }: Tensor): boolean => ARITHMETIC.has(op);

/** What computing a node within a kernel costs, in simple operations. */
export function costOf(node: Tensor): number {
  if (COSTLY.has(node.op)) return 8;
  if (node.op === 'concat') return node.inputs.length;
  return MOVES.has(node.op) ? 0 : 1;
}

/** The cost of an expression that is computed once for each element. */
export const ONCE = 96;

/** The cost that the kernel of a node bears in one of its operands. */
export function operandAllowance(node: Tensor, index: number): number {
  switch (node.op) {
    // Each element is read by several workgroups, or several times by one.
    case 'matmul':
      return 3;
    case 'softmax':
    case 'logSoftmax':
    case 'layerNorm':
    case 'layerNormGradient':
      return 8;
    case 'attention':
    case 'attentionGradient':
      return 0;
    case 'addKronecker':
      return index === 0 ? ONCE : 0;
    default:
      return ONCE;
  }
}

/** Whether computing a node for each of several readers costs no more than reading it. */
export function isCheap(node: Tensor): boolean {
  if (MOVES.has(node.op)) return true;
  if (COSTLY.has(node.op) || node.op === 'concat') return false;
  const size = sizeOfTensor(node);
  return new Set(node.inputs.filter((x) => repeated(x) >= size)).size <= 1;
}

/** The number of different elements that a tensor can have because of broadcasting. */
function repeated(tensor: Tensor): number {
  let base = tensor;
  for (let [x] = base.inputs; REPEATS.has(base.op) && x !== undefined; [x] = base.inputs) base = x;
  return sizeOfTensor(base);
}
