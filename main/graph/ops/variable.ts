import { apply, float32, type Operation } from '../operation.ts';
import type { Node, StaticShape } from '../tensor.ts';

interface Attributes {
  readonly name: string;
  readonly shape: StaticShape;
}

export type Variable = Node<'variable', Attributes, readonly [], StaticShape>;

export const VARIABLE: Operation<'variable', Attributes, readonly []> = {
  name: 'variable',
  infer: (_, { shape }) => float32(shape),
  gradient: 'none',
};

/** The current value of a variable, before the updates of the call. */
export function variable(name: string, shape: StaticShape): Variable {
  return { ...apply(VARIABLE, [], { name, shape }, `variable "${name}"`), shape };
}
