import { isOpen } from './dim.ts';
import type { Language } from './language.ts';
import { GraphError } from './graph-error.ts';
import {
  shapeText,
  type DType,
  type Node,
  type Shape,
  type Tensor,
  type TensorType,
} from './tensor.ts';

/**
 * Definition of one operation of the graph language. Each has a file in `ops/`; back ends map
 * operations to their own. Gradients and decompositions receive the language as a parameter, so
 * that operations do not import each other.
 */
export interface Operation<
  Name extends string,
  A extends object,
  I extends readonly Tensor[] = readonly [Tensor],
> {
  readonly name: Name;
  /** @throws GraphError for unsupported inputs */
  infer(inputs: I, attributes: A): TensorType;
  /**
   * Maps a node and the gradient of the loss with respect to it to the gradients of its inputs
   * (null: no gradient flows). `none`: no gradient flows through; `once`: not differentiable a
   * second time.
   */
  readonly gradient:
    | 'none'
    | 'once'
    | ((node: Node<Name, A, I>, dy: Tensor, g: Language) => readonly (Tensor | null)[]);
  /** Equivalent subgraph for back ends that lack this operation. */
  readonly decompose?: (node: Node<Name, A, I>, g: Language) => Tensor;
}

export type NoAttributes = Readonly<Record<string, never>>;
export type Pair = readonly [Tensor, Tensor];
export type Triple = readonly [Tensor, Tensor, Tensor];

/**
 * Creates a node of an operation.
 * @param title name used in error messages
 * @throws GraphError for unsupported inputs
 */
export function apply<Name extends string, A extends object, I extends readonly Tensor[]>(
  operation: Operation<Name, A, I>,
  inputs: I,
  attributes: A,
  title: string = operation.name,
): Node<Name, A, I> {
  const { shape, dtype } = operation.infer(inputs, attributes);
  need(isShape(shape), () => `${title} of shape ${shapeText(shape)}`);
  return { op: operation.name, inputs, attributes, shape, dtype };
}

/** @throws GraphError unless `condition` holds */
export function need(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new GraphError(message());
}

/** Whether all dimensions are non-negative integers, with at most one of them open. */
export function isShape(shape: Shape): boolean {
  const open = shape.filter(isOpen);
  return (
    open.length <= 1 &&
    open.every(({ batches }) => Number.isInteger(batches) && batches > 0) &&
    shape.every((side) => isOpen(side) || (Number.isInteger(side) && side >= 0))
  );
}

/**
 * @param allowed dtypes that every back end supports for this operation
 * @throws GraphError for other dtypes, or mixed ones
 */
export function needType(
  op: string,
  tensors: readonly TensorType[],
  allowed: readonly DType[],
): void {
  const types = tensors.map((t) => t.dtype);
  need(
    types.every((type) => type === types[0] && allowed.includes(type)),
    () => `${op} of ${types.join(' and ')}`,
  );
}

export const FLOAT = ['float32'] as const;
export const NUMBER = ['float32', 'int32'] as const;

export function float32(shape: Shape): TensorType {
  return { shape, dtype: 'float32' };
}
