import type { Arenas, Lifetime } from '../../../main/backends/webgpu/arenas.ts';
import type { FunctionPlan } from '../../../main/backends/webgpu/plan.ts';

/** What must hold of every plan, found by going through it. Each returns the violations. */

/** Pairs of values that share bytes although both are needed at one time. */
export function overlaps(lifetimes: readonly Lifetime[], { regions, sizes }: Arenas): string[] {
  const found: string[] = [];
  const placed = lifetimes.map((lifetime) => ({
    ...lifetime,
    region: regions.get(lifetime.value),
  }));
  placed.forEach(({ value, first, last, region }, i) => {
    if (region === undefined) found.push(`${value.name} has no memory`);
    else if (region.offset + region.bytes > (sizes[region.arena] ?? 0))
      found.push(`${value.name} ends behind its arena`);
    for (const other of placed.slice(i + 1)) {
      const together = first <= other.last && last >= other.first;
      const shared =
        region?.arena === other.region?.arena &&
        (region?.offset ?? 0) < (other.region?.offset ?? 0) + (other.region?.bytes ?? 0) &&
        (other.region?.offset ?? 0) < (region?.offset ?? 0) + (region?.bytes ?? 0);
      if (together && shared) found.push(`${value.name} and ${other.value.name}`);
    }
  });
  return found;
}

/** Calls that bind what WebGPU refuses: a buffer both ways, or a range for writing twice. */
export function refusedBindings({ dispatches, arenas: { regions } }: FunctionPlan): string[] {
  return dispatches.flatMap(({ label, bindings }) => {
    const found: string[] = [];
    const ranges = bindings.map(({ value, start, elements, access }) => {
      const region = regions.get(value);
      const begin = (region?.offset ?? 0) + start * 4;
      const buffer = region === undefined ? value : region.arena;
      if (begin % 256 !== 0) found.push(`${label} binds ${value.name} at ${String(begin)}`);
      if (start + elements > Math.max(1, value.size))
        found.push(`${label} binds more than ${value.name}`);
      return { value, buffer, begin, end: begin + elements * 4, access };
    });
    ranges.forEach((one, i) => {
      for (const other of ranges.slice(i + 1)) {
        if (one.buffer !== other.buffer) continue;
        if (one.access !== other.access) found.push(`${label} binds ${one.value.name} both ways`);
        else if (one.access === 'read_write' && one.begin < other.end && other.begin < one.end)
          found.push(`${label} binds ${one.value.name} twice to write`);
      }
    });
    return found;
  });
}
