import type { Values } from '../graph/program.ts';

/**
 * Holds the variables of a program and runs its functions. Calls take effect in the order in which
 * they are made. Methods are asynchronous because some devices cannot be waited for synchronously.
 */
export interface Session {
  /** Returns zeros for a variable that functions update, in memory suited for `write`. */
  zeros(variable: string): Float32Array;
  /**
   * Variables start undefined: each must be written before a function reads it. Writing many in one
   * call is faster than one by one.
   */
  write(values: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** Reads variables, in the order given. */
  read(variables: readonly string[]): Promise<readonly Float32Array[]>;
  /**
   * Outputs are float32 in row-major order, whatever their dtype in the graph; false is 0, true is
   * 1.
   */
  run(
    name: string,
    inputs: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Float32Array>>;
  dispose(): Promise<void>;
}
