import { fileURLToPath } from 'node:url';
import { createContext, runInContext, type Context } from 'node:vm';
import { buildSync } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

const MISSING = [
  'Array.prototype.at',
  'String.prototype.at',
  'Object.getPrototypeOf(Uint8Array.prototype).at',
  'Array.prototype.findLast',
  'Array.prototype.findLastIndex',
  'Array.prototype.toSorted',
  'Array.prototype.toReversed',
  'Array.prototype.with',
  'String.prototype.replaceAll',
  'Object.hasOwn',
  'Object.groupBy',
  'Promise.any',
  'WeakRef',
];

/**
 * Mimics a page in Chromium 83: deletes the APIs that it lacks and stubs what the polyfills need.
 */
const PAGE = `
  ${MISSING.map((name) => `delete ${name};`).join('')}
  var window = globalThis;
  var Element = class {};
  var crypto = { getRandomValues: (bytes) => bytes.fill(0xab) };
`;

let page: Context;

/**
 * Evaluates an expression in a page with the polyfills, bundled as for the window tests. Results
 * pass as JSON because they belong to another realm.
 */
function value(expression: string): unknown {
  return JSON.parse(String(runInContext(`JSON.stringify(${expression})`, page)));
}

beforeAll(() => {
  const { outputFiles } = buildSync({
    entryPoints: [
      fileURLToPath(
        new URL('../../electron/fixtures/electron-9/page-polyfills.ts', import.meta.url),
      ),
    ],
    bundle: true,
    format: 'iife',
    target: 'chrome83',
    write: false,
  });
  page = createContext({});
  runInContext(PAGE, page);
  expect(runInContext('[].at', page)).toBeUndefined();
  runInContext(outputFiles[0]!.text, page);
});

describe('the polyfills of the build for the window tests', () => {
  it('count from the end', () => {
    expect(value('[[1, 2, 3].at(-1), "abc".at(-2), new Uint8Array([7, 8]).at(-1)]')).toEqual([
      3,
      'b',
      8,
    ]);
    expect(value('[[].at(0) === undefined, [1].at(1) === undefined]')).toEqual([true, true]);
    expect(value('[[5, 6, 7].findLast((x) => x < 7), [5, 6].findLastIndex((x) => x > 9)]')).toEqual(
      [6, -1],
    );
  });

  it('leave the array as it was where a copy is wanted', () => {
    const copies = '((a) => [a.toSorted(), a.toReversed(), a.with(-1, 9), a])([2, 1, 3])';
    expect(value(copies)).toEqual([
      [1, 2, 3],
      [3, 1, 2],
      [2, 1, 9],
      [2, 1, 3],
    ]);
  });

  it('replace every occurrence, taking neither side for a pattern', () => {
    expect(value('"a.b.c".replaceAll(".", "$&")')).toBe('a$&b$&c');
    expect(value('"aXa".replaceAll("a", (found) => found + found)')).toBe('aaXaa');
    expect(value('"a1b22".replaceAll(/\\d+/g, "#")')).toBe('a#b#');
  });

  it('copy plain data deeply, and what refers to itself', () => {
    expect(value('structuredClone({ a: [1, { at: new Date(0) }] })')).toEqual({
      a: [1, { at: '1970-01-01T00:00:00.000Z' }],
    });
    const circle =
      '((o) => { o.self = o; const c = structuredClone(o); return c.self === c; })({})';
    expect(value(circle)).toBe(true);
    expect(value('[...structuredClone(new Map([["k", new Set([1])]])).get("k")]')).toEqual([1]);
  });

  it('make identifiers of version 4', () => {
    expect(value('crypto.randomUUID()')).toBe('abababab-abab-4bab-abab-abababababab');
  });

  it('group, and know own properties', () => {
    expect(value('Object.groupBy([1, 2, 3], (x) => (x % 2 ? "odd" : "even"))')).toEqual({
      odd: [1, 3],
      even: [2],
    });
    expect(value('[Object.hasOwn({ a: 1 }, "a"), Object.hasOwn({}, "toString")]')).toEqual([
      true,
      false,
    ]);
  });

  it('take the first promise that is kept', async () => {
    const first = runInContext(
      'Promise.any([Promise.reject(1), Promise.resolve(2)])',
      page,
    ) as unknown;
    expect(await first).toBe(2);
    const none = runInContext('Promise.any([Promise.reject(1)])', page) as Promise<unknown>;
    await expect(none).rejects.toHaveProperty('message', 'All promises were rejected.');
  });
});
