/**
 * What Chromium 83, in which the window tests run, lacks and the studio or its libraries use. Only in the build for
 * those tests (`vite build --mode electron-test`).
 */

type Method = (this: never, ...values: never[]) => unknown;

function fill(owner: object, name: string, method: Method): void {
  if (name in owner) return;
  Object.defineProperty(owner, name, { value: method, writable: true, configurable: true });
}

function at(this: ArrayLike<unknown>, index: number): unknown {
  const whole = Math.trunc(index);
  return this[whole < 0 ? this.length + whole : whole];
}
fill(Array.prototype, 'at', at);
fill(String.prototype, 'at', at);
fill(Object.getPrototypeOf(Uint8Array.prototype) as object, 'at', at);

fill(
  Array.prototype,
  'findLast',
  function (this: unknown[], test: (value: unknown, index: number, all: unknown[]) => boolean) {
    for (let index = this.length - 1; index >= 0; index--) {
      if (test(this[index], index, this)) return this[index];
    }
    return undefined;
  },
);
fill(
  Array.prototype,
  'findLastIndex',
  function (this: unknown[], test: (value: unknown, index: number, all: unknown[]) => boolean) {
    for (let index = this.length - 1; index >= 0; index--) {
      if (test(this[index], index, this)) return index;
    }
    return -1;
  },
);
fill(
  Array.prototype,
  'toSorted',
  function (this: unknown[], compare?: (a: unknown, b: unknown) => number) {
    return [...this].sort(compare);
  },
);
fill(Array.prototype, 'toReversed', function (this: unknown[]) {
  return [...this].reverse();
});
fill(Array.prototype, 'with', function (this: unknown[], index: number, value: unknown) {
  const copy = [...this];
  copy[index < 0 ? copy.length + index : index] = value;
  return copy;
});

fill(
  String.prototype,
  'replaceAll',
  function (this: string, searched: string | RegExp, by: string | ((found: string) => string)) {
    if (searched instanceof RegExp) return this.replace(searched, by as string);
    const escaped = new RegExp(searched.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g');
    return this.replace(escaped, typeof by === 'string' ? () => by : by);
  },
);

fill(Object, 'hasOwn', (object: object, key: PropertyKey) =>
  Object.prototype.hasOwnProperty.call(object, key),
);
fill(Object, 'groupBy', (values: Iterable<unknown>, key: (value: unknown) => PropertyKey) => {
  const groups: Record<PropertyKey, unknown[]> = {};
  for (const value of values) (groups[key(value)] ??= []).push(value);
  return groups;
});

fill(Promise, 'any', async (promises: Iterable<Promise<unknown>>) => {
  const failures: unknown[] = [];
  return new Promise((resolve, reject) => {
    const all = [...promises];
    for (const promise of all) {
      promise.then(resolve, (error: unknown) => {
        failures.push(error);
        if (failures.length === all.length) reject(new Error('All promises were rejected.'));
      });
    }
  });
});

fill(Element.prototype, 'replaceChildren', function (this: Element, ...nodes: Node[]) {
  this.textContent = '';
  this.append(...nodes);
});

/** Plain data and what JSON has no word for: dates, maps, sets, typed arrays. */
function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Date) return new Date(value);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) {
    const View = value.constructor as new (from: unknown) => unknown;
    return new View(value);
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    seen.set(value, copy);
    for (const [key, entry] of value) copy.set(clone(key, seen), clone(entry, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    seen.set(value, copy);
    for (const entry of value) copy.add(clone(entry, seen));
    return copy;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  seen.set(value, copy);
  for (const [key, entry] of Object.entries(value)) {
    (copy as Record<string, unknown>)[key] = clone(entry, seen);
  }
  return copy;
}
fill(window, 'structuredClone', (value: unknown) => clone(value, new Map()));

fill(crypto, 'randomUUID', () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
});

/** Holds on to its target: it leaks in a test window that lives for seconds. */
class StrongRef {
  readonly #target: object;

  constructor(target: object) {
    this.#target = target;
  }

  deref(): object {
    return this.#target;
  }
}
if (!('WeakRef' in window)) Object.defineProperty(window, 'WeakRef', { value: StrongRef });

export {};
