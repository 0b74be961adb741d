import { sizeOfShape } from '../../../shared/models/spec.ts';

type Shape = readonly number[];

/** How the numbers of a stored tensor become those of a canonical one, or of a part of it. */
export interface Layout {
  /** Shape of the part; null when a tensor of this shape cannot be laid out so. */
  readonly shape: (stored: Shape) => Shape | null;
  readonly values: (stored: Float32Array, shape: Shape) => Float32Array;
}

const same = (values: Float32Array): Float32Array => values;
const rank =
  (n: number, shape: (stored: Shape) => Shape) =>
  (stored: Shape): Shape | null =>
    stored.length === n ? shape(stored) : null;
const last = (shape: Shape): number => shape.at(-1) ?? 0;

/** @param rows of the stored matrix, row-major */
function transpose(values: Float32Array, rows: number): Float32Array {
  const columns = values.length / rows;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column] ?? 0;
  return out;
}

/** Columns [begin, end) of a matrix, multiplied. */
const columns =
  (begin: number, end: number) =>
  (values: Float32Array, width: number): Float32Array =>
    values.subarray(begin * width, end * width);

const third = (index: number): Layout => ({
  shape: (stored) =>
    (stored[0] ?? 0) % 3 === 0 && stored.length > 0
      ? [(stored[0] ?? 0) / 3, ...stored.slice(1)]
      : null,
  values: (values) =>
    values.subarray((index * values.length) / 3, ((index + 1) * values.length) / 3),
});

export const LAYOUTS = {
  'as-stored': { shape: (stored) => stored, values: same },
  /** (width) or (n, width) as (1, n, width). */
  tokens: {
    shape: (stored) =>
      stored.length === 0 || sizeOfShape(stored) === 0
        ? null
        : [1, sizeOfShape(stored) / last(stored), last(stored)],
    values: same,
  },
  /** (heads, head size) as a vector. */
  flat: { shape: (stored) => [sizeOfShape(stored)], values: same },
  /** (in, out) as (out, in). */
  transposed: {
    shape: rank(2, ([a = 0, b = 0]) => [b, a]),
    values: (values, [rows = 1]) => transpose(values, rows),
  },
  /** (in, heads, head size) as (heads · head size, in). */
  'input-kernel': {
    shape: rank(3, ([inner = 0, heads = 0, size = 0]) => [heads * size, inner]),
    values: (values, [inner = 1]) => transpose(values, inner),
  },
  /** (heads, head size, out) as (out, heads · head size). */
  'output-kernel': {
    shape: rank(3, ([heads = 0, size = 0, out = 0]) => [out, heads * size]),
    values: (values, shape) => transpose(values, values.length / last(shape)),
  },
  /** (height, width, channels, out) as (out, channels, height, width). */
  'image-kernel': {
    shape: rank(4, ([h = 0, w = 0, c = 0, out = 0]) => [out, c, h, w]),
    values: (values, [h = 1, w = 1, c = 1, out = 1]) => {
      const found = new Float32Array(values.length);
      for (let place = 0; place < h * w; place++)
        for (let channel = 0; channel < c; channel++)
          for (let o = 0; o < out; o++)
            found[(o * c + channel) * h * w + place] = values[(place * c + channel) * out + o] ?? 0;
      return found;
    },
  },
  /** Of (1, 1 + n, width): the row of the class token. */
  'first-position': {
    shape: rank(3, (stored) => [1, 1, last(stored)]),
    values: (values, shape) => columns(0, 1)(values, last(shape)),
  },
  /** Of (1, 1 + n, width): the rows after that of the class token. */
  'other-positions': {
    shape: rank(3, ([, n = 0, width = 0]) => [1, n - 1, width]),
    values: (values, shape) => columns(1, shape[1] ?? 0)(values, last(shape)),
  },
  'first-third': third(0),
  'last-third': third(2),
  /** Of a bias of q, k and v that is masked where it is k's. */
  'zeros-of-third': {
    shape: third(1).shape,
    values: (values) => new Float32Array(values.length / 3),
  },
  /** All but the first third. */
  'other-thirds': {
    shape: (stored) => {
      const part = third(0).shape(stored);
      return part === null ? null : [2 * (part[0] ?? 0), ...part.slice(1)];
    },
    values: (values) => values.subarray(values.length / 3),
  },
} as const satisfies Record<string, Layout>;

export type LayoutName = keyof typeof LAYOUTS;
