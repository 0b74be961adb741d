import { isOpen } from '../graph/dim.ts';
import { GraphError } from '../graph/graph-error.ts';
import type { Input } from '../graph/ops/input.ts';
import type { Values } from '../graph/program.ts';
import { boundShape, sizeOf, type StaticShape } from '../graph/tensor.ts';

/** The values fed to one input in a call. */
export interface Feed {
  readonly input: Input;
  readonly values: Values;
  readonly shape: StaticShape;
}

/** All values fed to one call of a function. */
export interface Feeds {
  readonly list: readonly Feed[];
  /** Batch size of this call; undefined if no input has an open batch. */
  readonly batch: number | undefined;
}

/**
 * Returns the feeds of a call, in the order of the function's inputs. The batch size is inferred
 * from the number of values fed.
 * @throws GraphError for missing or unknown inputs, wrong types or sizes, and inconsistent batch
 * sizes
 */
export function feedsOf(
  fn: string,
  inputs: readonly Input[],
  fed: Readonly<Record<string, Values>>,
): Feeds {
  const names = new Set(inputs.map(({ attributes }) => attributes.name));
  const unknown = Object.keys(fed).find((name) => !names.has(name));
  if (unknown !== undefined) throw new GraphError(`"${fn}" has no input "${unknown}"`);
  const given = inputs.map((input) => ({ input, values: valuesOf(fn, input, fed) }));
  const open = given.find(({ input }) => input.shape.some(isOpen));
  const batch = open === undefined ? undefined : batchOf(fn, open.input, open.values);
  const list = given.map(({ input, values }): Feed => {
    const shape = boundShape(input.shape, batch);
    needSize(fn, input, values, values.length === sizeOf(shape), String(sizeOf(shape)));
    return { input, values, shape };
  });
  return { list, batch };
}

function valuesOf(fn: string, input: Input, fed: Readonly<Record<string, Values>>): Values {
  const { name } = input.attributes;
  const values = fed[name];
  if (values === undefined) throw new GraphError(`"${fn}" was called without its input "${name}"`);
  if ((input.dtype === 'float32') !== values instanceof Float32Array) {
    const kind = values.constructor.name;
    throw new GraphError(`input "${name}" of "${fn}" is ${input.dtype}, got ${kind}`);
  }
  return values;
}

function batchOf(fn: string, input: Input, values: Values): number {
  const one = sizeOf(boundShape(input.shape, 1));
  const batch = values.length / one;
  const whole = Number.isInteger(batch) && batch > 0;
  needSize(fn, input, values, whole, `a multiple of ${String(one)}`);
  return batch;
}

function needSize(
  fn: string,
  { attributes: { name } }: Input,
  { length }: Values,
  fits: boolean,
  size: string,
): void {
  if (fits) return;
  throw new GraphError(`input "${name}" of "${fn}" takes ${size} values, got ${String(length)}`);
}
