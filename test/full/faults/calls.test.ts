import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST_PROCEDURES } from '../../../shared/contract/window/procedures.ts';
import { BentCalls } from '../../fixtures/bent-calls.ts';
import { BentApi } from '../../fixtures/bent-world.ts';
import { scaled, Tally } from '../../fixtures/faults/tally.ts';
import { partOptions } from '../../parts.mjs';

/**
 * Fuzzed calls of every host procedure, mutated by the seed. Each returns a valid answer or fails
 * with a message, never with an internal error; so do the tasks it starts. Nothing is written to
 * the host's working directory.
 */

const { seed, minutes } = partOptions();
const NAMES = Object.keys(HOST_PROCEDURES);
/** Calls for each procedure. */
const EACH = Math.ceil(scaled(20_000, minutes) / NAMES.length);
/** Number of calls between waits for the started tasks to end. */
const BETWEEN = 40;

let folder = '';
let api: BentApi;
const stood = process.cwd();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-calls-'));
  api = await BentApi.open(folder);
  mkdirSync(join(folder, 'here'));
  process.chdir(join(folder, 'here'));
});
afterAll(async () => {
  process.chdir(stood);
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

describe(`bent calls (seed ${String(seed)})`, () => {
  it('are answered or refused with a sentence', async () => {
    const tally = new Tally(Object.fromEntries(NAMES.map((name) => [name, EACH])));
    const calls = new BentCalls(api.world, seed);
    const faults: string[] = [];
    for (let n = 0; n < EACH * NAMES.length; n++) {
      const call = calls.next();
      const fault = await api.judge(call);
      if (fault !== null) faults.push(`call ${n} of seed ${seed}: ${fault}`);
      tally.count(call.procedure);
      if (n % BETWEEN === BETWEEN - 1) faults.push(...(await api.settle()));
    }
    faults.push(...(await api.settle()));
    process.stdout.write(`\n${tally.table('bent calls')}\n`);
    expect(faults.slice(0, 20)).toEqual([]);
    expect(readdirSync(join(folder, 'here'))).toEqual([]);
    expect(tally.shortfalls()).toEqual([]);
  });
});
