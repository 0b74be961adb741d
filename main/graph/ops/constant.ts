import { apply, need, type Operation } from '../operation.ts';
import { shapeText, sizeOf, type StaticShape, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly values: Float32Array | Int32Array;
  readonly shape: StaticShape;
}

export const CONSTANT: Operation<'constant', Attributes, readonly []> = {
  name: 'constant',
  infer(_, { values, shape }) {
    need(
      values.length === sizeOf(shape),
      () => `${String(values.length)} values for ${shapeText(shape)}`,
    );
    return { shape, dtype: values instanceof Int32Array ? 'int32' : 'float32' };
  },
  gradient: 'none',
};

export function constant(values: Float32Array | Int32Array, shape: StaticShape): Tensor {
  return apply(CONSTANT, [], { values, shape });
}

export function scalar(value: number): Tensor {
  return constant(Float32Array.of(value), []);
}
