/**
 * A value computed by a schedule, with the values it reads: earlier ones or ones that exist from
 * the start.
 */
export interface MadeValue<Key> {
  readonly key: Key;
  readonly bytes: number;
  readonly reads: Iterable<Key>;
}

/**
 * Returns, for each step, the bytes of the values alive during it: those computed so far that are
 * read at this step or later. An unread value is alive only during its own step; values that exist
 * from the start are not counted.
 *
 * @param schedule in computation order
 * @param kept values that stay alive to the end
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
 * Returns a breadth-first schedule: values are computed in the order in which they become ready.
 * This runs independent work side by side and keeps values alive that only later ones need.
 *
 * @param values topologically sorted, inputs first
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
  // `ready` grows during the iteration.
  for (const { key } of ready) {
    for (const reader of readers.get(key) ?? []) {
      const left = (missing.get(reader.key) ?? 0) - 1;
      missing.set(reader.key, left);
      if (left === 0) ready.push(reader);
    }
  }
  return ready;
}
