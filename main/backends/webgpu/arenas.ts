import { ELEMENT_BYTES, type Value } from './storage.ts';

/** A value, and the kernels between which it is needed: from that which writes it to the last reader. */
export interface Lifetime {
  readonly value: Value;
  /** Positions in the schedule, both included. */
  readonly first: number;
  readonly last: number;
}

/** A range of bytes of an arena. */
export interface Region {
  readonly arena: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Memory of all computed values; values that are never needed at one time share some. */
export interface Arenas {
  /** Bytes of each. */
  readonly sizes: readonly number[];
  readonly regions: ReadonlyMap<Value, Region>;
}

/** A binding must begin at a multiple of this, on every device. */
export const ALIGNMENT = 256;

export function alignedBytes(elements: number): number {
  return Math.ceil(Math.max(1, elements * ELEMENT_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/**
 * Lays values out, the largest first, each at the lowest place that is free during its lifetime.
 * @param limit bytes of an arena; one value may take more, and then has an arena to itself
 */
export function layOut(lifetimes: readonly Lifetime[], limit: number): Arenas {
  const sizes: number[] = [];
  const placed: (Lifetime & Region)[] = [];
  const bySize = lifetimes
    .map((lifetime) => ({ ...lifetime, bytes: alignedBytes(lifetime.value.size) }))
    .sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const one of bySize) {
    const contemporary = placed.filter(({ first, last }) => first <= one.last && last >= one.first);
    let [arena, offset] = [0, 0];
    for (; arena < sizes.length; arena++) {
      offset = lowestGap(
        contemporary.filter((other) => other.arena === arena),
        one.bytes,
      );
      if (offset + one.bytes <= limit) break;
      offset = 0;
    }
    sizes[arena] = Math.max(sizes[arena] ?? 0, offset + one.bytes);
    placed.push({ ...one, arena, offset });
  }
  const regions = placed.map(({ value, arena, offset, bytes }) => [
    value,
    { arena, offset, bytes },
  ]);
  return { sizes, regions: new Map(regions as [Value, Region][]) };
}

function lowestGap(taken: readonly Region[], bytes: number): number {
  let offset = 0;
  for (const one of taken.toSorted((a, b) => a.offset - b.offset)) {
    if (offset + bytes <= one.offset) break;
    offset = Math.max(offset, one.offset + one.bytes);
  }
  return offset;
}

/** The most bytes needed at one time: no layout can do with less. */
export function mostAlive(lifetimes: readonly Lifetime[]): number {
  const end = Math.max(-1, ...lifetimes.map(({ last }) => last));
  const changes = new Array<number>(end + 2).fill(0);
  for (const { value, first, last } of lifetimes) {
    changes[first]! += alignedBytes(value.size);
    changes[last + 1]! -= alignedBytes(value.size);
  }
  let [alive, most] = [0, 0];
  for (const change of changes) most = Math.max(most, (alive += change));
  return most;
}
