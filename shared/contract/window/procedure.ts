import type * as v from 'valibot';

/**
 * One question that the window asks the host, with the schema of what goes in (checked by the host) and of
 * what comes out (checked by the window). A refused input is answered with `usage`.
 */
export interface Procedure<I, O> {
  readonly input: v.GenericSchema<unknown, I>;
  readonly output: v.GenericSchema<unknown, O>;
}

export function procedure<I, O>(
  input: v.GenericSchema<unknown, I>,
  output: v.GenericSchema<unknown, O>,
): Procedure<I, O> {
  return { input, output };
}
