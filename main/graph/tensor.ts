/**
 * The graph language: symbolic tensors with static shapes. A tensor is a node: an operation, its inputs and its
 * attributes. Building a model is calling plain functions from tensors to tensors; what is computed, and where,
 * is decided later by a back end.
 */
export type DType = 'float32' | 'int32' | 'bool';
export type Shape = readonly number[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A node, whatever its operation. `registry.ts` has the union of the nodes of all operations. */
export interface Tensor extends TensorType {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: object;
}

/** The node of one operation. */
export interface Node<
  Name extends string,
  A extends object,
  I extends readonly Tensor[],
> extends Tensor {
  readonly op: Name;
  readonly inputs: I;
  readonly attributes: A;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** As reductions name it. */
export function lastAxis({ shape }: TensorType): number[] {
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
