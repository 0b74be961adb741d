import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../fixtures/engine/small-program.ts', import.meta.url));

it('Grappler leaves the functions alone that XLA compiles', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0', TF_CPP_VMODULE: 'meta_optimizer=3' },
  });
  expect(stdout).toBe('21\n');
  const optimised = [...stderr.matchAll(/Optimized (\d+) functions/g)].map(([, count]) => count);
  // One line for each set of names that the session was asked for.
  expect(optimised.length).toBeGreaterThan(0);
  expect(new Set(optimised)).toEqual(new Set(['0']));
});
