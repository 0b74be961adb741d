import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PAGE, withTables } from '../../bench/docs.ts';
import { readResults } from '../../bench/kept.ts';
import { machineLine, processorKey, type Machine } from '../../bench/machine.ts';
import { stepTables } from '../../bench/report.ts';
import { startTable, type StartRow } from '../../bench/start.ts';
import type { StepRow, WorkRow } from '../../bench/steps.ts';

interface Kept {
  readonly machine: Machine;
  readonly card: string | null;
  readonly rows?: readonly StepRow[];
  readonly work?: readonly WorkRow[];
  /** Absent, as any part may be, where only others were measured. */
  readonly start?: readonly StartRow[];
}

const page = readFileSync(PAGE, 'utf8');
const kept = Object.entries(readResults()) as unknown as (readonly [string, Kept])[];

describe('the tables of the bench in the docs', () => {
  it.each(kept)('of %s are those of the results that are kept', async (key, results) => {
    const { machine, card, rows, work, start } = results;
    expect(processorKey(machine, card)).toBe(key);
    const line = machineLine(machine, card);
    const parts: (readonly [string, string])[] = [];
    if (rows !== undefined && work !== undefined) parts.push(['steps', stepTables(rows, work)]);
    if (start !== undefined) parts.push(['start', startTable(start)]);
    expect(parts).not.toEqual([]);
    for (const [name, tables] of parts)
      expect(await withTables(page, name, { key, markdown: `${line}\n\n${tables}` })).toBe(page);
  });

  it('have a place for each part of a whole run, and for the whole job', async () => {
    const steps = ['machine', 'card', 'rows', 'work'];
    const parts = kept.flatMap(([, results]) => Object.keys(results));
    const names = new Set(['job', ...parts.filter((name) => !steps.includes(name))]);
    expect(names.size).toBeGreaterThan(4);
    for (const name of names) await expect(withTables(page, name, '')).resolves.toContain(name);
  });

  it('take the place of earlier ones, and leave the rest alone', async () => {
    const before = 'Before.\n\n<!-- bench: a -->\n\nold\n\n<!-- end -->\n\nAfter.\n';
    const after = '<!-- bench: a -->\n\n| xxx |\n| --- |\n\n<!-- end -->';
    expect(await withTables(before, 'a', '| xxx |\n|-|')).toBe(`Before.\n\n${after}\n\nAfter.\n`);
    await expect(withTables(before, 'b', '')).rejects.toThrow('no place for "b"');
  });

  it('of one processor leave those of another alone', async () => {
    const empty = '<!-- bench: a -->\n\nNot yet measured.\n\n<!-- end -->\n\nAfter.\n';
    const first = await withTables(empty, 'a', { key: 'P with AVX-512', markdown: 'one' });
    const both = await withTables(first, 'a', { key: 'held to AVX2 on P', markdown: 'two' });
    const block = (one: string) =>
      `<!-- bench: a -->\n\n<!-- on: P with AVX-512 -->\n\n${one}\n\n<!-- on: held to AVX2 on P -->\n\ntwo\n\n<!-- end -->\n\nAfter.\n`;
    expect(both).toBe(block('one'));
    const again = await withTables(both, 'a', { key: 'P with AVX-512', markdown: 'three' });
    expect(again).toBe(block('three'));
  });
});
