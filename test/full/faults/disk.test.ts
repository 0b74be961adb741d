import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DISKS, scenariosOf, type DiskCase } from '../../fixtures/faults/full-disk.ts';
import { scaled, Tally } from '../../fixtures/faults/tally.ts';
import { partOptions } from '../../parts.mjs';

/**
 * Disks that are full or run full after an amount drawn from the seed: the error says so, no
 * incomplete artefact is visible, and after space is freed the result equals the undisturbed one. A
 * full cache only causes a warning.
 */

const { seed, minutes } = partOptions();
const ROUNDS = scaled(2, minutes);
const SCRIPT = fileURLToPath(new URL('../../fixtures/faults/full-disk.ts', import.meta.url));

/**
 * Small file systems are mounted in a namespace visible only to the commands. Some systems deny
 * that to ordinary users.
 */
const mayMount =
  spawnSync('unshare', ['-rm', 'sh', '-c', 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d"'])
    .status === 0;

describe(`full disks (seed ${String(seed)})`, () => {
  it('are told of, and nothing is lost by them', async (context) => {
    if (!mayMount) context.skip('`unshare -rm` and mounting a tmpfs are refused on this machine');
    const names = DISKS.flatMap((disk) => scenariosOf(disk).map(({ name }) => `${disk}: ${name}`));
    const tally = new Tally(Object.fromEntries(names.map((name) => [name, ROUNDS])));
    const cases = await casesOf(['-rm', process.execPath, SCRIPT, String(seed), String(ROUNDS)]);
    for (const { name } of cases) tally.count(name);
    process.stdout.write(`\n${tally.table('full disks')}\n`);
    expect(cases.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(tally.shortfalls()).toEqual([]);
  });
});

function casesOf(args: readonly string[]): Promise<DiskCase[]> {
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`ended with ${String(code)}: ${error}`));
      else
        resolve(
          out
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as DiskCase),
        );
    });
  });
}
