import type { Values } from '../graph/program.ts';

/**
 * Holds the variables of a program and runs its functions. Calls take effect in the order in which they are made. They are
 * promises because not every device can be waited for.
 */
export interface Session {
  /** Zeros of a variable's size, where they are written from best: of a variable that functions update. */
  zeros(variable: string): Float32Array;
  /** Variables start undefined: each has to be written before a function reads it. Many in one call are quicker than one by one. */
  write(values: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** The values of variables, in their order. */
  read(variables: readonly string[]): Promise<readonly Float32Array[]>;
  /** Outputs come as float32 in row-major order, whatever their type in the graph; false is 0, true is 1. */
  run(
    name: string,
    inputs: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Float32Array>>;
  dispose(): Promise<void>;
}
