import { apply, type Operation } from '../operation.ts';
import type { DType, Node, Shape } from '../tensor.ts';

interface Attributes {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Input = Node<'input', Attributes, readonly []>;

export const INPUT: Operation<'input', Attributes, readonly []> = {
  name: 'input',
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  gradient: 'none',
};

/** A value fed with each call. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Input {
  return apply(INPUT, [], { name, shape, dtype }, `input "${name}"`);
}
