import { dimText, isOpen, sameDim, staticDim, times, type Dim } from './dim.ts';

/**
 * The graph language: symbolic tensors with static shapes, except for an optional open batch size.
 * A tensor is a node: an operation, its inputs and its attributes. Models are built by calling
 * plain functions from tensors to tensors; back ends decide what is computed, and where.
 */
export type DType = 'float32' | 'int32' | 'bool';
/** At most one dimension depends on the batch size. */
export type Shape = readonly Dim[];
export type StaticShape = readonly number[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A node of any operation. `registry.ts` has the union of the nodes of all operations. */
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
  S extends Shape = Shape,
> extends Tensor {
  readonly op: Name;
  readonly inputs: I;
  readonly attributes: A;
  readonly shape: S;
}

export function sizeOf(shape: StaticShape): number;
export function sizeOf(shape: Shape): Dim;
export function sizeOf(shape: Shape): Dim {
  return shape.reduce(times, 1);
}

/** @throws GraphError for a shape with an open batch */
export function staticShape(shape: Shape): StaticShape {
  return shape.map(staticDim);
}

/**
 * Substitutes the batch size of a call; it is undefined if nothing is open. @throws GraphError if
 * an open dimension has no batch size
 */
export function boundShape(shape: Shape, batch: number | undefined): StaticShape {
  if (batch === undefined) return staticShape(shape);
  return shape.map((dim) => (isOpen(dim) ? dim.batches * batch : dim));
}

/** The last axis, as a list of axes for reductions. */
export function lastAxis({ shape }: TensorType): number[] {
  return [shape.length - 1];
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((side, axis) => sameDim(side, b[axis] ?? 0));
}

export function shapeText(shape: Shape): string {
  return `(${shape.map(dimText).join(', ')})`;
}

/**
 * Returns all nodes that the given tensors depend on, inputs before users, in a deterministic
 * order.
 */
export function inTopologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const done = new Set<Tensor>();
  // An explicit stack, because the backward pass of a deep model would overflow the call stack.
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
