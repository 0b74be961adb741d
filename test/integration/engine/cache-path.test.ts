import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { xlaCacheFlag } from '../../../main/platform/engine-environment.mjs';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { configured, TestBed } from '../../fixtures/engine/test-bed.ts';

/** Windows does not allow double quotes in file names. */
const NAMES =
  process.platform === 'win32'
    ? ["it's my cache, 100 % ä#"]
    : ["it's my cache, 100 % ä#", 'say "so" \\ and'];

it.each(NAMES)('compiled programs are kept in the folder %s and nowhere else', async (name) => {
  const testBed = await TestBed.open();
  try {
    const parent = join(testBed.cacheDir, 'odd');
    await mkdir(parent, { recursive: true });
    const folder = join(parent, name, 'xla');
    const images = await testBed.images({ train: 4, val: 2 });
    const env = { KARST_TEST_MEMORY: '1', TF_XLA_FLAGS: xlaCacheFlag(folder) };
    const kept = async (): Promise<string[]> => {
      const job = await testBed.run(images, configured({ schedule: { epochs: 1 } }));
      const engine = await runProcess(job, testBed.cacheDir, { native: true, env });
      expect(engine.outcome().type).toBe('done');
      return (await readdir(folder)).sort();
    };
    const first = await kept();
    expect(first.length).toBeGreaterThan(0);
    // The second process reuses the cache of the first and compiles nothing.
    expect(await kept()).toEqual(first);
    expect(await readdir(parent)).toEqual([name]);
  } finally {
    await testBed.remove();
  }
});
