import type { DType, StaticShape, Tensor } from '../../../main/graph/tensor.ts';

/** The shape of one operand and the range from which its values are drawn. */
export interface Operand {
  readonly shape: StaticShape;
  readonly dtype: DType;
  readonly from: number;
  readonly to: number;
}

/** One variant of an operation: attributes, ranks, broadcasting, number type. */
export interface Row {
  readonly title: string;
  readonly operands: readonly Operand[];
  readonly build: (operands: readonly Tensor[]) => Tensor;
  /** The operation has no derivative. */
  readonly forwardOnly?: boolean;
}

type Build = (...operands: [Tensor, Tensor, Tensor, Tensor, Tensor]) => Tensor;
export function row(
  title: string,
  operands: readonly (Operand | StaticShape)[],
  build: Build,
): Row {
  return {
    title,
    operands: operands.map((o) => ('from' in o ? o : floats(o))),
    build: (tensors) => build(...(tensors as Parameters<Build>)),
  };
}

export const forwardOnly = (r: Row): Row => ({ ...r, forwardOnly: true });

export const floats = (shape: StaticShape, from = -2, to = 2): Operand => ({
  shape,
  dtype: 'float32',
  from,
  to,
});
export const positive = (shape: StaticShape): Operand => floats(shape, 0.3, 3);
export const integers = (shape: StaticShape, from = -4, to = 5): Operand => ({
  shape,
  dtype: 'int32',
  from,
  to,
});
export const flags = (shape: StaticShape): Operand => ({ shape, dtype: 'bool', from: 0, to: 2 });
