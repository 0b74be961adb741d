import { broadcastShape } from '../broadcast.ts';
import { FLOAT, float32, need, needType, NUMBER, type Pair } from '../operation.ts';
import { shapeText, type DType, type Tensor, type TensorType } from '../tensor.ts';

/** Shape and type inference of element-wise operations. */

/** Inference for a unary float operation. @param leastRank minimum rank of the input */
export function inferUnary(op: string, leastRank = 0): (inputs: readonly [Tensor]) => TensorType {
  return ([x]) => {
    needType(op, [x], FLOAT);
    need(x.shape.length >= leastRank, () => `${op} of ${shapeText(x.shape)}`);
    return float32(x.shape);
  };
}

/** Inference for a binary operation with NumPy broadcasting. */
export function inferBinary(
  op: string,
  allowed: readonly DType[] = NUMBER,
): (inputs: Pair) => TensorType {
  return ([a, b]) => {
    needType(op, [a, b], allowed);
    return { shape: broadcastShape(a.shape, b.shape), dtype: a.dtype };
  };
}
