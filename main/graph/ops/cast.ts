import { apply, type Operation } from '../operation.ts';
import type { DType, Tensor } from '../tensor.ts';

interface Attributes {
  readonly dtype: DType;
}

export const CAST: Operation<'cast', Attributes> = {
  name: 'cast',
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  gradient: 'none',
};

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(CAST, [x], { dtype });
}
