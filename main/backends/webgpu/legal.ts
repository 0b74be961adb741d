import { legalise } from '../../graph/legalise.ts';
import * as g from '../../graph/operations.ts';
import type { ProgramFunction, Update } from '../../graph/program.ts';
import { isNode, known, type NodeOf, type OpName } from '../../graph/registry.ts';
import {
  inTopologicalOrder,
  sizeOf,
  staticShape,
  type StaticShape,
  type Tensor,
} from '../../graph/tensor.ts';
import { deepMatmul, deepSum } from './splitting.ts';

/** A function in operations that have a kernel or a scalar expression. */
export interface LegalFunction {
  /** Every needed node, inputs before users. */
  readonly order: readonly Tensor[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly updates: readonly Update[];
}

/** Operations that are decomposed although a kernel could compute them: their parts fuse. */
const DECOMPOSED: ReadonlySet<string> = new Set<OpName>([
  'gatherGradient',
  'kroneckerGradient',
  'mix',
  'mixGradient',
  'customVjp',
  'remat',
]);

/** Wider heads do not fit into registers, nor a block of their keys into workgroup memory. */
const WIDEST_HEAD = 128;

/** @throws GraphError for a function with an open batch */
export function legalFunction(fn: ProgramFunction): LegalFunction {
  const roots = [...Object.values(fn.outputs), ...fn.updates.map(({ value }) => value)];
  const parts = legalise(inTopologicalOrder(roots), isWhole);
  const simpler = roots.map((root) => parts.get(root) ?? root);
  const rewritten = rewrite(inTopologicalOrder(simpler));
  const resolve = (node: Tensor): Tensor => {
    const part = parts.get(node) ?? node;
    return withoutViews(rewritten.get(part) ?? part);
  };
  // A literal has no memory to read an output from, and the value of another variable, or of an
  // input, must be copied before it can become a variable's.
  const outputs = Object.fromEntries(
    Object.entries(fn.outputs).map(([key, node]) => {
      const value = resolve(node);
      return [key, value.op === 'constant' ? copyOf(value) : value];
    }),
  );
  const updates = fn.updates.map(({ variable, value }) => {
    const made = resolve(value);
    return { variable, value: isSource(made) ? copyOf(made) : made };
  });
  const order = inTopologicalOrder([
    ...Object.values(outputs),
    ...updates.map(({ value }) => value),
  ]);
  return { order, outputs, updates };
}

function isWhole(node: Tensor): boolean {
  switch (node.op) {
    case 'attention':
      return headWidth(node.inputs[0]) <= WIDEST_HEAD;
    case 'attentionGradient':
      return headWidth(node.inputs[1]) <= WIDEST_HEAD;
    case 'packedAttention':
    case 'packedAttentionGradient':
      return headWidth(node.inputs[0]) <= WIDEST_HEAD;
    default:
      return !DECOMPOSED.has(node.op);
  }
}

function headWidth(heads: Tensor | undefined): number {
  return staticShape(heads?.shape ?? []).at(-1) ?? 0;
}

/** Rewrites nodes for the kernels; each rule sees a node whose inputs are rewritten already. */
function rewrite(order: readonly Tensor[]): Map<Tensor, Tensor> {
  const found = new Map<Tensor, Tensor>();
  const parts = new Set<Tensor>();
  for (const given of order) {
    const inputs = given.inputs.map((x) => found.get(x) ?? x);
    const changed = inputs.some((x, i) => x !== given.inputs[i]);
    const simpler = rewritten(changed ? { ...given, inputs } : given);
    found.set(given, isLeading(simpler) ? withPartsOfItsOwn(simpler, parts) : simpler);
  }
  return found;
}

/**
 * A leading concat whose parts are computed right where they lie in it. What lies elsewhere already
 * is copied. @param taken the parts of other concats; receives those of this one
 */
function withPartsOfItsOwn(concat: Tensor, taken: Set<Tensor>): Tensor {
  const inputs = concat.inputs.map((part) => {
    const made = withoutViews(part);
    const elsewhere = isSource(made) || isLeading(made) || taken.has(made);
    taken.add(made);
    return elsewhere ? copyOf(part) : part;
  });
  return { ...concat, inputs };
}

/** The tensor whose elements, in the same order, a view shows. */
export function withoutViews(tensor: Tensor): Tensor {
  let base = tensor;
  for (let [x] = base.inputs; base.op === 'reshape' && x !== undefined; [x] = base.inputs) base = x;
  return base;
}

/** Whether a tensor has its values before the function is called. */
export function isSource({ op }: Tensor): boolean {
  return op === 'input' || op === 'variable' || op === 'constant';
}

/** A tensor with the same values and memory of its own. No other `stopGradient` is left. */
function copyOf(x: Tensor): Tensor {
  return g.stopGradient(x);
}

function rewritten(tensor: Tensor): Tensor {
  const node = known(tensor);
  switch (node.op) {
    case 'matmul':
      return deepMatmul(node);
    case 'sum':
      return deepSum(node);
    case 'stopGradient':
      return node.inputs[0];
    case 'concat':
      return leadingConcat(node);
    case 'packedAttention': {
      const [batch = 0, tokens = 0, , heads = 0, width = 0] = staticShape(node.inputs[0].shape);
      const [q, k, v] = unpacked(node.inputs[0], [batch, tokens, heads, width]);
      return g.attention(q, k, v);
    }
    case 'packedAttentionGradient':
      return packedGradient(node);
    default:
      return tensor;
  }
}

/** The operation `attentionGradient`, whose result may have the layout of packed q, k and v. */
export interface AttentionGradientAttributes {
  readonly scale: number;
  readonly packed?: true;
}

function packedGradient({
  inputs: [qkv, dy],
  shape,
  dtype,
}: NodeOf<'packedAttentionGradient'>): Tensor {
  const sides = staticShape(dy.shape);
  const attributes: AttentionGradientAttributes = { scale: (sides[3] ?? 1) ** -0.5, packed: true };
  const inputs = [dy, ...unpacked(qkv, sides)];
  return { op: 'attentionGradient', inputs, attributes, shape, dtype };
}

function unpacked(qkv: Tensor, sides: StaticShape): [Tensor, Tensor, Tensor] {
  const [batch = 0, tokens = 0, heads = 0, width = 0] = sides;
  return [0, 1, 2].map((part) =>
    g.reshape(g.slice(qkv, [0, 0, part, 0, 0], [batch, tokens, 1, heads, width]), sides),
  ) as [Tensor, Tensor, Tensor];
}

/** More parts than a kernel may read are joined along the first axis, where each writes its own. */
const MOST_PARTS = 3;

function leadingConcat(node: NodeOf<'concat'>): Tensor {
  const { axis } = node.attributes;
  if (node.inputs.length <= MOST_PARTS || isLeading(node)) return node;
  const rank = node.shape.length;
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  const front = [axis, ...others];
  const back = Array.from({ length: rank }, (_, i) => front.indexOf(i));
  const parts = node.inputs.map((part) => g.transpose(part, front));
  return g.transpose(g.concat(parts, 0), back);
}

/** Whether the parts of a concat lie one after the other in memory. */
export function isLeading(node: Tensor): boolean {
  if (!isNode(node, 'concat')) return false;
  return sizeOf(staticShape(node.shape).slice(0, node.attributes.axis)) === 1;
}
