import type { Values } from '../graph/program.ts';

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
