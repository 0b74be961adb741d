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
 * One operation of the language, all that is known of it: each has a file in `ops/`, and back ends have a table over them.
 * Gradients and decompositions are written in the language itself, which they are handed: so operations do not import each other.
 */
export interface Operation<
  Name extends string,
  A extends object,
  I extends readonly Tensor[] = readonly [Tensor],
> {
  readonly name: Name;
  /** @throws GraphError for inputs that the operation does not take */
  infer(inputs: I, attributes: A): TensorType;
  /**
   * From a node and the gradient of the loss with respect to it: the gradients for its inputs (null: none flows).
   * `none`: no gradient flows through; `once`: not differentiable a second time.
   */
  readonly gradient:
    | 'none'
    | 'once'
    | ((node: Node<Name, A, I>, dy: Tensor, g: Language) => readonly (Tensor | null)[]);
  /** The same value from other operations, for back ends that have no such operation. */
  readonly decompose?: (node: Node<Name, A, I>, g: Language) => Tensor;
}

export type NoAttributes = Readonly<Record<string, never>>;
export type Pair = readonly [Tensor, Tensor];
export type Triple = readonly [Tensor, Tensor, Tensor];

/**
 * Makes the node of an operation.
 * @param title what a fault is told of
 * @throws GraphError for inputs that the operation does not take
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

/** Whole sides, none below 0, at most one of them open. */
export function isShape(shape: Shape): boolean {
  const open = shape.filter(isOpen);
  return (
    open.length <= 1 &&
    open.every(({ batches }) => Number.isInteger(batches) && batches > 0) &&
    shape.every((side) => isOpen(side) || (Number.isInteger(side) && side >= 0))
  );
}

/**
 * @param allowed kinds of numbers that every back end computes this operation on
 * @throws GraphError for others, or for more than one
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
