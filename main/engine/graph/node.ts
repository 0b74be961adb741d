import {
  GraphError,
  shapeText,
  type Attributes,
  type DType,
  type NodeOf,
  type OpName,
  type Shape,
  type Tensor,
} from './tensor.ts';

/** What every operation makes its node with. */

/** @throws GraphError for a shape that is none */
export function node<K extends OpName>(
  op: K,
  inputs: readonly Tensor[],
  attributes: Attributes[K],
  shape: Shape,
  dtype: DType = 'float32',
): Tensor {
  need(isShape(shape), () => `${op} of shape ${shapeText(shape)}`);
  const made: NodeOf<K> = { op, inputs, attributes, shape, dtype };
  // The union of nodes is indexed by `op`, which TypeScript cannot follow through a generic.
  return made as unknown as Tensor;
}

/** @throws GraphError unless `condition` holds */
export function need(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new GraphError(message());
}

/** Whole sides, none below 0. */
export function isShape(shape: Shape): boolean {
  return shape.every((side) => Number.isInteger(side) && side >= 0);
}

/**
 * @param allowed kinds of numbers that TensorFlow and tfjs both compute this operation on
 * @throws GraphError for others, or for more than one
 */
export function needType(op: OpName, tensors: readonly Tensor[], allowed: readonly DType[]): void {
  const types = tensors.map((t) => t.dtype);
  need(
    types.every((type) => type === types[0] && allowed.includes(type)),
    () => `${op} of ${types.join(' and ')}`,
  );
}

export const FLOAT = ['float32'] as const;
export const NUMBER = ['float32', 'int32'] as const;
