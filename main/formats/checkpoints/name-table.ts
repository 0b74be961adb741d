import type { Combination } from './assembly.ts';
import type { LayoutName } from './layouts.ts';

/** A stored tensor in a row of a name table; numbers of blocks and stages are written `#`. */
export interface Stored {
  readonly from: string;
  readonly layout: LayoutName;
  /** Zeros stand for it where the file has the row's other parts only. */
  readonly optional?: true;
}

/** One canonical tensor, and what a source stores of it. */
export interface Row {
  readonly name: string;
  readonly stored: readonly Stored[];
  readonly combine: Combination;
  /** Added to the first number of the stored name to give the canonical one's. */
  readonly shift?: number;
  /** The blocks are stacked along a further first axis. */
  readonly blocks?: true;
}

export interface RowOptions {
  readonly layout?: LayoutName;
  readonly combine?: Combination;
  readonly shift?: number;
}

/** A tensor that is stored as one or more others. */
export function parameter(
  name: string,
  from: string | readonly string[],
  { layout = 'as-stored', combine = 'stacked', shift }: RowOptions = {},
): Row {
  const stored = (typeof from === 'string' ? [from] : from).map((one) => ({ from: one, layout }));
  return { name, stored, combine, ...(shift === undefined ? {} : { shift }) };
}

/**
 * The `weight` and `bias` of a layer. Of several layers in one, those without a bias have zeros.
 */
export function layer(
  name: string,
  from: string | readonly string[],
  options: RowOptions = {},
): Row[] {
  const paths = typeof from === 'string' ? [from] : from;
  const named = (kind: string): Row =>
    parameter(
      `${name}.${kind}`,
      paths.map((path) => `${path}.${kind}`),
      options,
    );
  const bias = named('bias');
  return [
    named('weight'),
    {
      ...bias,
      stored: bias.stored.map((one) => (paths.length === 1 ? one : { ...one, optional: true })),
    },
  ];
}

/** Layers under a path of each side, by their names there. */
export function layers(
  path: string,
  from: string,
  names: Readonly<Record<string, string | readonly string[]>>,
  options: RowOptions = {},
): Row[] {
  return Object.entries(names).flatMap(([name, stored]) =>
    layer(
      path + name,
      typeof stored === 'string' ? from + stored : stored.map((one) => from + one),
      options,
    ),
  );
}

const NUMBER = /(?<=(?:^|[./_])(?:blocks|layers|layer|resblocks|encoderblock)[._])\d{1,4}(?=[./])/g;

/** A name with `#` for the numbers of its blocks and stages, and these numbers. */
export function numberless(name: string): {
  readonly template: string;
  readonly numbers: number[];
} {
  const numbers: number[] = [];
  const template = name.replace(NUMBER, (digits) => {
    numbers.push(Number(digits));
    return '#';
  });
  return { template, numbers };
}

/** @param shift added to the first number */
export function numbered(template: string, numbers: readonly number[], shift = 0): string {
  let index = 0;
  return template.replaceAll('#', () => {
    const number = numbers[index] ?? 0;
    return String(number + (index++ === 0 ? shift : 0));
  });
}
