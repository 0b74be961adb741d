import { createRequire } from 'node:module';

/**
 * tfjs-node 4.22 calls two functions of node:util that Node 23 removed; restores them before it is
 * loaded.
 */
export function installNodePolyfill(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}
