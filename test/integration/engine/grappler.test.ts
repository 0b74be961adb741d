import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../fixtures/engine/small-program.ts', import.meta.url));

it('Grappler has no part in what XLA compiles', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM], {
    encoding: 'utf8',
    env: {
      ...process.env,
      TF_CPP_MIN_LOG_LEVEL: '0',
      TF_CPP_VMODULE: 'meta_optimizer=3,grappler_item_builder=3,loader=1',
    },
  });
  expect(stdout).toBe('21\n');
  // TensorFlow logs verbosely, and Grappler, which would log every set of names, does not appear.
  expect(stderr).toContain('SavedModel load for tags');
  expect(stderr).not.toMatch(/meta_optimizer|grappler/i);
});
