import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { engineEnvironment } from '../../../main/platform/engine-environment.mjs';

const SUBJECT = fileURLToPath(new URL('../../fixtures/engine/page-faults.ts', import.meta.url));
const PAGE = 4096;

it.runIf(process.platform === 'linux')(
  'a compiled program keeps its buffers from one call to the next',
  async () => {
    const env = { ...process.env, ...engineEnvironment({ threads: 2 }) };
    const { stdout } = await promisify(execFile)(process.execPath, [SUBJECT], { env });
    const { bytes, faults } = JSON.parse(stdout) as { bytes: number; faults: number[] };
    // A buffer that is mapped anew is a page fault a page.
    expect(Math.max(...faults)).toBeLessThan(bytes / PAGE / 10);
  },
);
