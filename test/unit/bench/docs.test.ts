import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PAGE, withTables } from '../../bench/docs.ts';
import { tables, type Results } from '../../bench/report.ts';
import { startTable, type StartRow } from '../../bench/start.ts';

const BENCH = new URL('../../bench/', import.meta.url);
const page = readFileSync(PAGE, 'utf8');

describe('the tables of the bench in the docs', () => {
  const results = JSON.parse(readFileSync(new URL('results.json', BENCH), 'utf8')) as Results & {
    readonly start: readonly StartRow[];
  };

  it.each([
    ['steps', tables(results)],
    ['start', startTable(results.start)],
  ])('of %s are those of the results that are kept', async (name, markdown) => {
    expect(await withTables(page, name, markdown)).toBe(page);
  });

  it('have a place for each part of a whole run', async () => {
    const steps = ['machine', 'card', 'rows', 'work'];
    const parts = Object.keys(results).filter((name) => !steps.includes(name));
    expect(parts.length).toBeGreaterThan(3);
    for (const name of parts) await expect(withTables(page, name, '')).resolves.toContain(name);
  });

  it('take the place of earlier ones, and leave the rest alone', async () => {
    const before = 'Before.\n\n<!-- bench: a -->\n\nold\n\n<!-- end -->\n\nAfter.\n';
    const after = '<!-- bench: a -->\n\n| xxx |\n| --- |\n\n<!-- end -->';
    expect(await withTables(before, 'a', '| xxx |\n|-|')).toBe(`Before.\n\n${after}\n\nAfter.\n`);
    await expect(withTables(before, 'b', '')).rejects.toThrow('no place for "b"');
  });
});
