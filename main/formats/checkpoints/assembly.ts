import { sizeOfShape } from '../../../shared/models/spec.ts';
import type { TensorDtype } from '../containers/elements.ts';
import { LAYOUTS, type LayoutName } from './layouts.ts';

/** A stored tensor, or a piece of one, as a part of a canonical tensor. */
export interface StoredPart {
  /** Its name in the file, whole. */
  readonly from: string;
  readonly layout: LayoutName;
  /** Of a tensor with the blocks stacked along its first axis: the number of the block. */
  readonly block?: number;
  readonly shape: readonly number[];
}

export type Part = StoredPart | { readonly zeros: readonly number[] };

/**
 * How parts become one tensor: one below the other; added; or averaged, where matrices act on the
 * halves of a doubled input: (out, n) and (out, n) as (out, 2n), halved, and vectors as their mean.
 */
export type Combination = 'stacked' | 'added' | 'averaged';

/** How a canonical tensor is put together from stored ones. */
export interface Assembly {
  readonly parts: readonly Part[];
  readonly combine: Combination;
  readonly shape: readonly number[];
  /** Of its first part. */
  readonly dtype: TensorDtype;
}

/** Shape of the parts together; null when they do not fit each other. */
export function combinedShape(
  shapes: readonly (readonly number[])[],
  combine: Combination,
): readonly number[] | null {
  const [first = []] = shapes;
  const tail = (shape: readonly number[]): string => shape.slice(1).join();
  const equal = shapes.every((shape) => shape.join() === first.join());
  if (shapes.length === 1) return first;
  if (combine === 'added') return equal ? first : null;
  if (combine === 'averaged')
    return !equal || first.length > 2
      ? null
      : first.length === 2
        ? [first[0] ?? 0, shapes.length * (first[1] ?? 0)]
        : first;
  if (shapes.some((shape) => shape.length === 0 || tail(shape) !== tail(first))) return null;
  return [shapes.reduce((sum, [rows = 0]) => sum + rows, 0), ...first.slice(1)];
}

/** @param read the values and the shape of a stored tensor */
export async function assemble(
  { parts, combine, shape }: Assembly,
  read: (name: string) => Promise<{ values: Float32Array; shape: readonly number[] }>,
): Promise<Float32Array> {
  const pieces: Float32Array[] = [];
  for (const part of parts) pieces.push(await piece(part, read));
  const [only] = pieces;
  // A view would keep the whole stored tensor in memory.
  if (pieces.length === 1 && only !== undefined)
    return only.byteLength === only.buffer.byteLength ? only : only.slice();
  const out = new Float32Array(sizeOfShape(shape));
  if (combine === 'stacked') {
    let at = 0;
    for (const values of pieces) {
      out.set(values, at);
      at += values.length;
    }
    return out;
  }
  const share = combine === 'added' ? 1 : 1 / pieces.length;
  const across = combine === 'averaged' && shape.length === 2 ? pieces.length : 1;
  const width = (shape.at(-1) ?? 1) / across;
  pieces.forEach((values, index) => {
    for (let i = 0; i < values.length; i++) {
      const at =
        across === 1 ? i : Math.floor(i / width) * width * across + index * width + (i % width);
      out[at] = (out[at] ?? 0) + share * (values[i] ?? 0);
    }
  });
  return out;
}

async function piece(part: Part, read: Parameters<typeof assemble>[1]): Promise<Float32Array> {
  if ('zeros' in part) return new Float32Array(sizeOfShape(part.zeros));
  const { values, shape } = await read(part.from);
  const layout = LAYOUTS[part.layout];
  if (part.block === undefined) return layout.values(values, shape);
  const size = values.length / (shape[0] ?? 1);
  return layout.values(values.subarray(part.block * size, (part.block + 1) * size), shape.slice(1));
}
