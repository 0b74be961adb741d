import { isNode } from '../../graph/registry.ts';
import { sizeOf, staticShape, type DType, type Tensor } from '../../graph/tensor.ts';

/** Memory for the elements of a tensor, or of several that lie one after the other. */
export interface Value {
  /** `computed` values share arenas; the others have memory of their own for all calls. */
  readonly kind: 'variable' | 'input' | 'constant' | 'computed';
  readonly name: string;
  /** Number of elements, of 4 bytes each. */
  readonly size: number;
}

/** Where a tensor lies. */
export interface Place {
  readonly value: Value;
  /** In elements. */
  readonly offset: number;
}

/** Bytes of an element of any type; booleans are stored as 0 and 1 of type u32. */
export const ELEMENT_BYTES = 4;

export const ELEMENT_TYPES: Readonly<Record<DType, string>> = {
  float32: 'f32',
  int32: 'i32',
  bool: 'u32',
};

/** The places of the tensors of a function that are in memory. */
export class Storage {
  readonly #places = new Map<Tensor, Place>();

  place(tensor: Tensor, place: Place): void {
    this.#places.set(tensor, place);
  }

  /** Makes a tensor an expression of the kernel that computes it. */
  forget(tensor: Tensor): void {
    this.#places.delete(tensor);
  }

  /**
   * Where the elements of a tensor lie in row-major order, also if it only shows a part of one that
   * is stored; null if they must be computed.
   */
  find(tensor: Tensor): Place | null {
    const own = this.#places.get(tensor);
    if (own !== undefined) return own;
    const [x] = tensor.inputs;
    if (x === undefined) return null;
    if (isNode(tensor, 'reshape')) return this.find(x);
    if (!isNode(tensor, 'slice')) return null;
    const offset = offsetOfSlice(tensor);
    const place = offset === null ? null : this.find(x);
    return place === null ? null : { value: place.value, offset: place.offset + (offset ?? 0) };
  }
}

/** Where a slice starts in its tensor if it is in one piece there, else null. */
function offsetOfSlice(slice: Tensor & { readonly attributes: { begin: readonly number[] } }) {
  const shape = staticShape(slice.shape);
  const whole = staticShape(slice.inputs[0]?.shape ?? []);
  const first = shape.findIndex((side) => side !== 1);
  if (shape.some((side, axis) => axis > first && first >= 0 && side !== whole[axis])) return null;
  return slice.attributes.begin.reduce(
    (offset, begin, axis) => offset + begin * sizeOf(whole.slice(axis + 1)),
    0,
  );
}

export function sizeOfTensor({ shape }: Tensor): number {
  return sizeOf(staticShape(shape));
}
