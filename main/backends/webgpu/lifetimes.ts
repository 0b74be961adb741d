import type { Update } from '../../graph/program.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Lifetime } from './arenas.ts';
import { takesEpilogue } from './classes.ts';
import type { LegalFunction } from './legal.ts';
import type { ScheduledKernel } from './merging.ts';
import { sizeOfTensor, type Storage, type Value } from './storage.ts';

/**
 * Gives the new value of each variable the variable's own memory, where nothing reads the old value
 * afterwards.
 * @returns the updates that must be copied when all else is done
 */
export function updateInPlace(
  fn: LegalFunction,
  schedule: readonly ScheduledKernel[],
  storage: Storage,
): Update[] {
  const outputs = new Set(Object.values(fn.outputs).map((node) => storage.find(node)?.value));
  const taken = new Set<Tensor>();
  return fn.updates.filter(({ variable, value }) => {
    const old = storage.find(variable)?.value;
    const whole = storage.find(value)?.value.size === sizeOfTensor(value);
    const writer = schedule.findIndex((kernel) => kernel.outputs.includes(value));
    if (old === undefined || outputs.has(old) || taken.has(value) || !whole || writer < 0)
      return true;
    const anchor = schedule[writer]?.anchor ?? null;
    if (anchor !== null && !takesEpilogue(anchor)) return true;
    const readLater = schedule.some(({ reads }, position) =>
      [...reads].some(
        ([read, pointwise]) =>
          storage.find(read)?.value === old &&
          (position > writer || (position === writer && !pointwise)),
      ),
    );
    if (readLater) return true;
    taken.add(value);
    storage.place(value, { value: old, offset: 0 });
    return false;
  });
}

/**
 * The lifetimes of all computed values.
 * @param scratch memory that a kernel needs for itself
 */
export function lifetimesOf(
  fn: LegalFunction,
  schedule: readonly ScheduledKernel[],
  storage: Storage,
  copies: readonly Update[],
  scratch: ReadonlyMap<ScheduledKernel, Value>,
): Lifetime[] {
  const lifetimes = new Map<Value, { first: number; last: number }>();
  const need = (node: Tensor, position: number): void => {
    const value = storage.find(node)?.value;
    if (value?.kind !== 'computed') return;
    const known = lifetimes.get(value) ?? { first: position, last: position };
    known.last = Math.max(known.last, position);
    lifetimes.set(value, known);
  };
  schedule.forEach((kernel, position) => {
    for (const node of [...kernel.outputs, ...kernel.reads.keys()]) need(node, position);
    const own = scratch.get(kernel);
    if (own !== undefined) lifetimes.set(own, { first: position, last: position });
  });
  for (const node of [...Object.values(fn.outputs), ...copies.map(({ value }) => value)])
    need(node, schedule.length);
  return [...lifetimes].map(([value, lifetime]) => ({ value, ...lifetime }));
}
