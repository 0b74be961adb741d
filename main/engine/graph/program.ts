import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import type { NodeOf, Shape, Tensor } from './tensor.ts';

/** One callable of a program. Updates happen together, after everything has been read. */
export interface ProgramFunction {
  readonly inputs: readonly NodeOf<'input'>[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly updates: readonly Update[];
  /** `high` lets the runtime make large products from bfloat16 parts (error up to 3 · 2⁻¹⁶ of |a| |b|) where it has a faster way to. */
  readonly matmulPrecision?: MatmulPrecision;
}

export interface Update {
  readonly variable: NodeOf<'variable'>;
  readonly value: Tensor;
}

/** Functions over variables that they share. */
export interface Program {
  readonly variables: readonly NodeOf<'variable'>[];
  readonly functions: Readonly<Record<string, ProgramFunction>>;
}

export type Values = Float32Array | Int32Array;

/**
 * Zeros for a variable that functions update. TensorFlow takes over memory that begins at a multiple of 64 bytes, which
 * this never does, and copies any other. XLA updates in place only what TensorFlow has allocated itself: new values of the
 * first step would get a region of memory as large as a step's, and the next step would settle there beside the first one's.
 */
export function updatableValues(size: number): Float32Array {
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  return new Float32Array(new ArrayBuffer((size + 1) * bytes), bytes, size);
}

/** Something that holds the variables of a program and runs its functions. */
export interface Executor {
  /** Variables start undefined: each has to be set before a function reads it. */
  set(variable: string, values: Float32Array): void;
  /** Many variables in one call, which is what a session does well. */
  setAll(values: ReadonlyMap<string, Float32Array>): void;
  get(variable: string): Float32Array;
  /** Many variables in one call, in their order. */
  getAll(variables: readonly string[]): Float32Array[];
  run(name: string, inputs: Readonly<Record<string, Values>>): Record<string, Float32Array>;
  dispose(): void;
}

export function shapeOfVariable(program: Program, name: string): Shape {
  const found = program.variables.find((v) => v.attributes.name === name);
  if (found === undefined) throw new Error(`the program has no variable "${name}"`);
  return found.shape;
}
