/** A value that a schedule makes, and what is read to make it: values made before, or what is there from the start. */
export interface MadeValue<Key> {
  readonly key: Key;
  readonly bytes: number;
  readonly reads: Iterable<Key>;
}

/**
 * Bytes of the values that are alive while each is made: those made before (or now) that are read now or later. What
 * nobody reads is alive while it is made; what is there from the start is not counted.
 *
 * @param schedule in the order in which the values are made
 * @param kept values that stay to the end
 */
export function aliveBytes<Key>(
  schedule: readonly MadeValue<Key>[],
  kept: ReadonlySet<Key> = new Set(),
): number[] {
  const lastRead = new Map<Key, number>();
  schedule.forEach(({ key, reads }, step) => {
    lastRead.set(key, kept.has(key) ? schedule.length - 1 : step);
    for (const read of reads) {
      const known = lastRead.get(read);
      if (known !== undefined) lastRead.set(read, Math.max(known, step));
    }
  });
  const freed = schedule.map(() => 0);
  let alive = 0;
  return schedule.map(({ key, bytes }, step) => {
    const last = lastRead.get(key) ?? step;
    freed[last] = (freed[last] ?? 0) + bytes;
    alive += bytes;
    const now = alive;
    alive -= freed[step] ?? 0;
    return now;
  });
}

/**
 * The order in which values become ready when all that can be made is made in the order in which it became ready. It
 * keeps independent work side by side, and values alive that only later ones need.
 *
 * @param values each after those that it reads
 */
export function breadthFirst<Key>(values: readonly MadeValue<Key>[]): MadeValue<Key>[] {
  const made = new Map(values.map((value) => [value.key, value]));
  const readers = new Map<Key, MadeValue<Key>[]>();
  const missing = new Map<Key, number>();
  const ready: MadeValue<Key>[] = [];
  for (const value of values) {
    const inner = [...new Set(value.reads)].filter((read) => made.has(read));
    missing.set(value.key, inner.length);
    if (inner.length === 0) ready.push(value);
    for (const read of inner) {
      const known = readers.get(read);
      if (known === undefined) readers.set(read, [value]);
      else known.push(value);
    }
  }
  // The list grows while it is gone through.
  for (const { key } of ready) {
    for (const reader of readers.get(key) ?? []) {
      const left = (missing.get(reader.key) ?? 0) - 1;
      missing.set(reader.key, left);
      if (left === 0) ready.push(reader);
    }
  }
  return ready;
}
