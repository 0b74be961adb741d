import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processorKey, type Machine } from './machine.ts';

/** Results of one kind of processor: `machine`, `card`, and each part under its name. */
export type ProcessorResults = Readonly<Record<string, unknown>>;

/** By `processorKey`. */
export type KeptResults = Readonly<Record<string, ProcessorResults>>;

const RESULTS = fileURLToPath(new URL('results.json', import.meta.url));

export function readResults(path = RESULTS): KeptResults {
  return JSON.parse(readFileSync(path, 'utf8')) as KeptResults;
}

/**
 * Returns the results with those of some parts on one machine put in. Other parts of that processor
 * and all other processors keep theirs.
 */
export function withResults(
  kept: KeptResults,
  { machine, card }: { readonly machine: Machine; readonly card: string | null },
  parts: Readonly<Record<string, unknown>>,
): KeptResults {
  const key = processorKey(machine, card);
  return { ...kept, [key]: { ...kept[key], machine, card, ...parts } };
}

export function keepResults(
  measured: { readonly machine: Machine; readonly card: string | null },
  parts: Readonly<Record<string, unknown>>,
  path = RESULTS,
): void {
  const all = withResults(readResults(path), measured, parts);
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
}
