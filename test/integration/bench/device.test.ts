import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { NO_CARD, NO_CARD_EXIT } from '../../bench/device.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

it('without a graphics card, the bench of one says so, measures nothing and ends with a code of its own', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [BENCH, '--device', 'gpu', '--json'],
    {
      encoding: 'utf8',
      // Hides every GPU. No Python peer is needed because nothing is compared.
      env: { ...process.env, CUDA_VISIBLE_DEVICES: '-1', KARST_BENCH_PYTHON: '/no/python' },
    },
  );
  expect(stderr.trim().split('\n').at(-1)).toBe(NO_CARD);
  expect(status).toBe(NO_CARD_EXIT);
  expect(JSON.parse(stdout)).toMatchObject({ rows: [], notRun: NO_CARD });
});
