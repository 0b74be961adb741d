import type { Tensors } from './method.ts';

/** Row-major matrices in float64, for the definitions of what a method changes. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** @throws Error if the tensor is missing */
export function stored(tensors: Tensors, name: string): Float32Array {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`the tensor "${name}" is missing`);
  return found;
}

/** A stored tensor as a matrix with so many columns. */
export function matrixOf(tensors: Tensors, name: string, columns: number): Matrix {
  const values = Float64Array.from(stored(tensors, name));
  return { rows: values.length / columns, columns, values };
}

/** A rectangle of a matrix; beyond its borders, zeros. */
export function part(
  { columns: stride, rows: height, values }: Matrix,
  [top, left]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): Matrix {
  const cut = new Float64Array(rows * columns);
  for (let y = 0; y < Math.min(rows, height - top); y++)
    for (let x = 0; x < Math.min(columns, stride - left); x++)
      cut[y * columns + x] = values[(top + y) * stride + left + x]!;
  return { rows, columns, values: cut };
}

/** a b, times a factor. */
export function product(a: Matrix, b: Matrix, factor = 1): Matrix {
  const { rows, columns: inner } = a;
  const { columns } = b;
  const values = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++)
    for (let i = 0; i < inner; i++) {
      const scaled = factor * a.values[y * inner + i]!;
      for (let x = 0; x < columns; x++)
        values[y * columns + x]! += scaled * b.values[i * columns + x]!;
    }
  return { rows, columns, values };
}

/** Multiplies each row by its factor: (factorᵢ − 1) · rowᵢ, the difference that it makes. */
export function rowsScaled(values: ArrayLike<number>, factors: ArrayLike<number>): Float64Array {
  const columns = values.length / factors.length;
  return Float64Array.from(
    { length: values.length },
    (_, at) => (factors[Math.floor(at / columns)]! - 1) * values[at]!,
  );
}
