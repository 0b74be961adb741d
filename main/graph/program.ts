import { isOpen } from './dim.ts';
import type { Input } from './ops/input.ts';
import type { Variable } from './ops/variable.ts';
import type { StaticShape, Tensor } from './tensor.ts';

/** One callable function of a program. All updates are applied together, after all reads. */
export interface ProgramFunction {
  readonly inputs: readonly Input[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly updates: readonly Update[];
  /**
   * `high` lets the runtime compute large products from bfloat16 parts (error up to 3 · 2⁻¹⁶ of |a|
   * |b|) where that is faster.
   */
  readonly matmulPrecision?: 'high' | 'highest';
}

export interface Update {
  readonly variable: Variable;
  readonly value: Tensor;
}

/** Whether the batch size is known only at call time. */
export function hasOpenBatch({ inputs }: ProgramFunction): boolean {
  return inputs.some(({ shape }) => shape.some(isOpen));
}

/** Functions that share variables. */
export interface Program {
  readonly variables: readonly Variable[];
  readonly functions: Readonly<Record<string, ProgramFunction>>;
}

export type Values = Float32Array | Int32Array;

export function shapeOfVariable(program: Program, name: string): StaticShape {
  const found = program.variables.find((v) => v.attributes.name === name);
  if (found === undefined) throw new Error(`the program has no variable "${name}"`);
  return found.shape;
}
