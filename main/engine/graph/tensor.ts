/**
 * The graph language: symbolic tensors with static shapes. A tensor is a node: an operation, its inputs and its
 * attributes. Building a model is calling plain functions from tensors to tensors; what is computed, and where,
 * is decided later by a lowering (TensorFlow) or by the interpreter (tfjs).
 */
export type DType = 'float32' | 'int32' | 'bool';
export type Shape = readonly number[];

/** What each operation needs to know beside its inputs. */
export interface Attributes {
  input: { readonly name: string };
  variable: { readonly name: string };
  constant: { readonly values: Float32Array | Int32Array };
  add: NoAttributes;
  sub: NoAttributes;
  mul: NoAttributes;
  div: NoAttributes;
  maximum: NoAttributes;
  minimum: NoAttributes;
  greaterEqual: NoAttributes;
  select: NoAttributes;
  neg: NoAttributes;
  exp: NoAttributes;
  log: NoAttributes;
  sqrt: NoAttributes;
  rsqrt: NoAttributes;
  erf: NoAttributes;
  gelu: NoAttributes;
  geluGradient: NoAttributes;
  softmax: NoAttributes;
  logSoftmax: NoAttributes;
  layerNorm: { readonly epsilon: number };
  layerNormGradient: { readonly epsilon: number };
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  sum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  max: { readonly axes: readonly number[]; readonly keepDims: boolean };
  reshape: NoAttributes;
  transpose: { readonly permutation: readonly number[] };
  broadcastTo: NoAttributes;
  slice: { readonly begin: readonly number[] };
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };
  concat: { readonly axis: number };
  cast: NoAttributes;
  stopGradient: NoAttributes;
  gradientVia: NoAttributes;
  recomputed: NoAttributes;
  attention: NoAttributes;
  attentionGradient: NoAttributes;
  addKronecker: NoAttributes;
  kroneckerGradient: NoAttributes;
  mix: NoAttributes;
  mixGradient: NoAttributes;
}
type NoAttributes = Record<string, never>;

export type OpName = keyof Attributes;

export interface NodeOf<K extends OpName> {
  readonly op: K;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes[K];
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Tensor = { [K in OpName]: NodeOf<K> }[OpName];

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** As reductions name it. */
export function lastAxis({ shape }: Tensor): number[] {
  return [shape.length - 1];
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}

/** A mistake in building a graph: always a fault of the program, never of the user's data. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
}

export function shapeText(shape: Shape): string {
  return `(${shape.join(', ')})`;
}

/** Every node that the given tensors depend on, inputs before users; the order depends on the graph alone. */
export function inTopologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const done = new Set<Tensor>();
  // An explicit stack: a deep model's backward pass is deeper than JavaScript's call stack allows.
  const stack: { node: Tensor; next: number }[] = [];
  for (const output of outputs) {
    if (!done.has(output)) stack.push({ node: output, next: 0 });
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input !== undefined) {
        if (!done.has(input)) stack.push({ node: input, next: 0 });
        continue;
      }
      stack.pop();
      if (!done.has(top.node)) {
        done.add(top.node);
        order.push(top.node);
      }
    }
  }
  return order;
}
