import { GraphError } from '../../graph/graph-error.ts';
import { sameShape, sizeOf, type StaticShape } from '../../graph/tensor.ts';
import { plus, quotient, remainder, times, u32, type Block } from './block.ts';

/**
 * The position of one element of a tensor, as WGSL expressions: its row-major number, its
 * coordinates, or both. What is missing is computed from the other where it is needed.
 */
export class Element {
  readonly shape: StaticShape;
  readonly #number: string | null;
  readonly #coordinates: readonly string[] | null;

  private constructor(
    shape: StaticShape,
    number: string | null,
    coordinates: readonly string[] | null,
  ) {
    this.shape = shape;
    this.#number = number;
    this.#coordinates = coordinates;
  }

  static numbered(shape: StaticShape, number: string): Element {
    return new Element(shape, number, null);
  }

  static at(shape: StaticShape, coordinates: readonly string[]): Element {
    if (coordinates.length !== shape.length) throw new GraphError('coordinates of another rank');
    return new Element(shape, null, coordinates);
  }

  number(block: Block): string {
    if (this.#number !== null) return this.#number;
    let number = u32(0);
    this.shape.forEach((side, axis) => {
      number = block.let(plus(times(number, side), this.#coordinates?.[axis] ?? u32(0)));
    });
    return number;
  }

  coordinates(block: Block): readonly string[] {
    if (this.#coordinates !== null) return this.#coordinates;
    return split(block, this.#number ?? u32(0), this.shape);
  }

  /** The element of the same number in a tensor of another shape and equal size. */
  reshaped(block: Block, shape: StaticShape): Element {
    if (sameShape(shape, this.shape)) return this;
    if (this.#coordinates === null) return new Element(shape, this.#number, null);
    const coordinates: string[] = [];
    for (const { from, to } of alignedGroups(this.shape, shape)) {
      let number = u32(0);
      for (const axis of from)
        number = block.let(plus(times(number, this.shape[axis] ?? 1), this.#coordinates[axis]!));
      coordinates.push(
        ...split(
          block,
          number,
          to.map((axis) => shape[axis] ?? 1),
        ),
      );
    }
    return new Element(shape, this.#number, coordinates);
  }

  /** The element of a tensor of `shape` that broadcasting shows here. */
  broadcastFrom(block: Block, shape: StaticShape): Element {
    if (sizeOf(shape) === sizeOf(this.shape)) return this.reshaped(block, shape);
    if (sizeOf(shape) === 1) return new Element(shape, u32(0), null);
    const own = this.coordinates(block);
    const extra = this.shape.length - shape.length;
    return Element.at(
      shape,
      shape.map((side, axis) => (side === 1 ? u32(0) : (own[axis + extra] ?? u32(0)))),
    );
  }
}

function split(block: Block, number: string, shape: StaticShape): string[] {
  let rest = number;
  const coordinates: string[] = [];
  const outermost = shape.findIndex((side) => side !== 1);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const side = shape[axis] ?? 1;
    coordinates.unshift(axis === outermost ? rest : block.let(remainder(rest, side)));
    if (axis > outermost) rest = block.let(quotient(rest, side));
  }
  return coordinates;
}

/**
 * Pairs the smallest runs of axes of two shapes of equal size that hold the same number of
 * elements: (B, T, 192) and (B, T, 3, 64) have the runs 0–0, 1–1 and 2–2, 3.
 */
function alignedGroups(
  a: StaticShape,
  b: StaticShape,
): { readonly from: readonly number[]; readonly to: readonly number[] }[] {
  const groups: { from: number[]; to: number[] }[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const group: { from: number[]; to: number[] } = { from: [], to: [] };
    let [x, y] = [1, 1];
    do {
      if (i < a.length && (x <= y || j >= b.length)) {
        x *= a[i] ?? 1;
        group.from.push(i++);
      } else {
        y *= b[j] ?? 1;
        group.to.push(j++);
      }
    } while (x !== y && (i < a.length || j < b.length));
    groups.push(group);
  }
  return groups;
}
