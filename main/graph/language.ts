import type { DType, Shape, StaticShape, Tensor } from './tensor.ts';

/** q, k, v and an optional bias. */
export type AttentionInputs =
  readonly [Tensor, Tensor, Tensor] | readonly [Tensor, Tensor, Tensor, Tensor];

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;
type Reduction = (x: Tensor, axes: readonly number[], keepDims?: boolean) => Tensor;

/**
 * The functions of `operations.ts` that gradients and decompositions are written in. A separate
 * interface avoids import cycles between an operation and the operations of its gradient.
 */
export interface Language {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly greaterEqual: Binary;
  readonly neg: Unary;
  readonly exp: Unary;
  readonly rsqrt: Unary;
  readonly erf: Unary;
  readonly sigmoid: Unary;
  readonly softmax: Unary;
  scalar(value: number): Tensor;
  constant(values: Float32Array | Int32Array, shape: StaticShape): Tensor;
  select(condition: Tensor, a: Tensor, b: Tensor): Tensor;
  cast(x: Tensor, dtype: DType): Tensor;
  matmul(
    a: Tensor,
    b: Tensor,
    transposed?: { readonly transposeA?: boolean; readonly transposeB?: boolean },
  ): Tensor;
  readonly sum: Reduction;
  readonly mean: Reduction;
  reshape(x: Tensor, shape: Shape): Tensor;
  transpose(x: Tensor, permutation: readonly number[]): Tensor;
  broadcastTo(x: Tensor, shape: Shape): Tensor;
  slice(x: Tensor, begin: readonly number[], shape: Shape): Tensor;
  pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor;
  concat(parts: readonly Tensor[], axis: number): Tensor;
  readonly geluGradient: Binary;
  layerNormGradient(x: Tensor, weight: Tensor, dy: Tensor, epsilon: number): Tensor;
  readonly packedAttentionGradient: Binary;
  attentionGradient(inputs: AttentionInputs, dy: Tensor, scale: number): Tensor;
  kroneckerGradient(dy: Tensor, c: Tensor, d: Tensor): Tensor;
  readonly mix: Binary;
  readonly mixGradient: Binary;
  gatherGradient(dy: Tensor, indices: Tensor, rows: number): Tensor;
}
