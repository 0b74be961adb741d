import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BentCalls } from '../../fixtures/bent-calls.ts';
import { BentApi } from '../../fixtures/bent-world.ts';
import { CONFIG } from '../../fixtures/small-library.ts';
import {
  HOST_PROCEDURES,
  type HostProcedureName,
} from '../../../shared/contract/window/procedures.ts';

/** Calls per test: enough to cover all procedures several times in a few seconds. */
const CALLS = 1_500;

/** Paths that are absolute only on Windows. */
const ELSEWHERE = process.platform === 'win32' ? [] : ['C:\\', '\\out'];

let folder: string;
let api: BentApi;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-bent-'));
  api = await BentApi.open(folder);
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('bent calls of the bridge', () => {
  it('are the same for the same seed, and reach every procedure', () => {
    const [one, same, other] = [7, 7, 8].map((seed) => {
      const calls = new BentCalls(api.world, seed);
      return Array.from({ length: 200 }, () => calls.next());
    });
    expect(one!.map(({ how }) => how)).toEqual(same!.map(({ how }) => how));
    expect(one!.map(({ how }) => how)).not.toEqual(other!.map(({ how }) => how));
    expect(new Set(one!.map(({ procedure }) => procedure))).toEqual(
      new Set(Object.keys(HOST_PROCEDURES)),
    );
  });

  it.each<[HostProcedureName, object]>([
    ['evaluations.images', { truth: 1e308, predicted: null, mistakes: false, offset: 0, limit: 1 }],
    ['evaluations.images', { truth: 0, predicted: 0, mistakes: false, offset: 1e308, limit: 1 }],
    ['datasets.images', { filter: {}, offset: 2 ** 53, limit: 10 }],
    ['datasets.images', { filter: { label: 1e19 }, offset: 0, limit: 10 }],
    ['datasets.changeImages', { images: [1e300], change: { excluded: true } }],
    ['runs.metrics', { afterStep: 1e308 }],
    ['runs.move', { before: 2 ** 53 }],
    ['runs.note', { notes: 'half a \ud800' }],
    ['adapters.export', { format: 'karst', out: '/a\0b' }],
    ['adapters.export', { format: 'karst', out: 'beside the host' }],
    // On systems without drives, these would name a file in the host's working directory.
    ...ELSEWHERE.map((out): [HostProcedureName, object] => [
      'adapters.export',
      { format: 'karst', out },
    ]),
  ])('name what is out of bounds: %s %j', async (procedure, input) => {
    const noun = procedure.split('s.')[0] as keyof typeof api.world.ids;
    const error = await api.refused(procedure, { id: api.world.ids[noun], ...input });
    expect([error?.code, error?.message]).toEqual([
      'usage',
      expect.stringMatching(new RegExp(`^${procedure} refuses "[\\w.]+": invalid .+`)),
    ]);
  });

  it('plan what is far out of every limit', async () => {
    const all = (number: number): unknown =>
      JSON.parse(JSON.stringify(CONFIG), (_, value: unknown) =>
        typeof value === 'number' ? number : value,
      );
    const { backbone: backboneId, dataset: datasetId } = api.world.ids;
    for (const number of [0, 1e9])
      expect(
        await api.judge({
          procedure: 'runs.plan',
          input: { backboneId, datasetId, config: all(number) },
          how: `all numbers ${String(number)}`,
        }),
      ).toBeNull();
  });

  it('are answered as agreed, or refused with a sentence, and never end in an internal error', async () => {
    const calls = new BentCalls(api.world, 13);
    const faults: string[] = [];
    for (let n = 0; n < CALLS; n++) {
      const fault = await api.judge(calls.next());
      if (fault !== null) faults.push(fault);
      if (n % 40 === 39) faults.push(...(await api.settle()));
    }
    faults.push(...(await api.settle()));
    expect(faults).toEqual([]);
  });
});
