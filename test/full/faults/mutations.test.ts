import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { READERS } from '../../fixtures/faults/readers.ts';
import { readMutated } from '../../fixtures/faults/read-mutated.ts';
import { scaled, Tally } from '../../fixtures/faults/tally.ts';
import { partOptions } from '../../parts.mjs';

/**
 * Valid files of every format, mutated by the seed: each is read or refused with a message, within
 * bounded time and memory. None crashes the process, hangs or causes an internal error.
 */

const { seed, minutes } = partOptions();
const all = READERS.reduce((sum, { share }) => sum + share, 0);
/** Rounded up for each reader, so that the total is at least the quota. */
const least = (share: number): number => Math.ceil((scaled(20_000, minutes) * share) / all);
const tally = new Tally(Object.fromEntries(READERS.map(({ name, share }) => [name, least(share)])));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'karst-mutations-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe(`mutated files (seed ${String(seed)})`, () => {
  it.each(READERS.map(({ name, share }) => [name, share] as const))('%s', async (reader, share) => {
    const task = {
      reader,
      seed,
      from: 0,
      to: least(share),
      folder: join(folder, reader.replaceAll(/\W/g, '-')),
    };
    const { count, faults } = await readMutated(task);
    tally.count(reader, count);
    expect(faults.slice(0, 10)).toEqual([]);
  });

  it('were enough', () => {
    process.stdout.write(`\n${tally.table('mutated files')}\n`);
    expect(tally.shortfalls()).toEqual([]);
  });
});
