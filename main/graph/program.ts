import { isOpen } from './dim.ts';
import type { Input } from './ops/input.ts';
import type { Variable } from './ops/variable.ts';
import type { StaticShape, Tensor } from './tensor.ts';

/** One callable of a program. Updates happen together, after everything has been read. */
export interface ProgramFunction {
  readonly inputs: readonly Input[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly updates: readonly Update[];
  /** `high` lets the runtime make large products from bfloat16 parts (error up to 3 · 2⁻¹⁶ of |a| |b|) where it has a faster way to. */
  readonly matmulPrecision?: 'high' | 'highest';
}

export interface Update {
  readonly variable: Variable;
  readonly value: Tensor;
}

/** Whether only a call says how large the batch is. */
export function hasOpenBatch({ inputs }: ProgramFunction): boolean {
  return inputs.some(({ shape }) => shape.some(isOpen));
}

/** Functions over variables that they share. */
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
