import { GraphError } from '../../../graph/graph-error.ts';
import { known } from '../../../graph/registry.ts';
import type { ScheduledKernel } from '../merging.ts';
import type { Dispatch, Shader } from '../shader.ts';
import type { Storage, Value } from '../storage.ts';
import { attention } from './attention.ts';
import { attentionGradient, statisticsOf } from './attention-gradient.ts';
import { elementwise } from './elementwise.ts';
import { addKronecker } from './kronecker.ts';
import { matmul } from './matmul.ts';
import { reduction } from './reduction.ts';
import { rows } from './rows.ts';

/** Memory that a kernel needs for itself; null if none. */
export function scratchOf({ anchor }: ScheduledKernel): Value | null {
  const node = anchor === null ? null : known(anchor);
  return node?.op === 'attentionGradient' ? statisticsOf(node) : null;
}

/** The calls that compute a kernel, in order. @param shader begins the text of a call */
export function dispatchesOf(
  kernel: ScheduledKernel,
  storage: Storage,
  shader: () => Shader,
  scratch: Value | null,
): Dispatch[] {
  const { anchor } = kernel;
  if (anchor === null) return [elementwise({ kernel, storage, shader: shader() })];
  const node = known(anchor);
  if (node.op === 'attentionGradient' && scratch !== null)
    return attentionGradient({ kernel, storage }, shader, node, scratch);
  const source = { kernel, storage, shader: shader() };
  switch (node.op) {
    case 'matmul':
      return [matmul(source, node)];
    case 'sum':
    case 'max':
      return [reduction(source, node)];
    case 'softmax':
    case 'logSoftmax':
    case 'layerNorm':
    case 'layerNormGradient':
      return [rows(source, node)];
    case 'attention':
      return [attention(source, node)];
    case 'addKronecker':
      return [addKronecker(source, node)];
    default:
      throw new GraphError(`"${node.op}" has no kernel`);
  }
}
