import { apply, float32, type Operation } from '../operation.ts';
import type { Node, Shape } from '../tensor.ts';

interface Attributes {
  readonly name: string;
  readonly shape: Shape;
}

export type Variable = Node<'variable', Attributes, readonly []>;

export const VARIABLE: Operation<'variable', Attributes, readonly []> = {
  name: 'variable',
  infer: (_, { shape }) => float32(shape),
  gradient: 'none',
};

/** The present value of a variable, as it is before the call's updates. */
export function variable(name: string, shape: Shape): Variable {
  return apply(VARIABLE, [], { name, shape }, `variable "${name}"`);
}
