import type * as v from 'valibot';

/**
 * A procedure of the host, with schemas of its input (validated by the host) and output (validated
 * by the window). An invalid input is answered with `usage`.
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
