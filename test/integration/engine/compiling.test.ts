import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { installedKernels } from '../../../main/platform/kernels.mjs';
import { xlaCacheFlag } from '../../../main/platform/engine-environment.mjs';
import { runProcess, type MemoryReport } from '../../fixtures/engine/engine-process.ts';
import { configured, SMALLEST_VIT, TestBed } from '../../fixtures/engine/test-bed.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Memory that compilation leaves allocated in an engine process. Only an engine with kernels
 * returns it.
 */
it.runIf(installedKernels(ROOT).length > 0)(
  'what compiling took is given back before the step',
  async () => {
    const testBed = await TestBed.open({
      ...SMALLEST_VIT,
      ...{ imageSize: 64, width: 64, mlpDim: 256, heads: 4, depth: 6 },
    });
    try {
      const images = await testBed.images({ train: 16, val: 4 });
      const config = configured({
        batchSize: 16,
        matmulPrecision: 'high',
        schedule: { epochs: 1 },
      });
      const env = {
        KARST_TEST_MEMORY: '1',
        TF_XLA_FLAGS: xlaCacheFlag(join(testBed.cacheDir, 'xla')),
      };
      const afterOneStep = async (): Promise<MemoryReport> => {
        const job = await testBed.run(images, config);
        const engine = await runProcess(job, testBed.cacheDir, { native: true, env });
        expect(engine.outcome().type).toBe('done');
        return engine.memory[0]!;
      };
      const compiled = await afterOneStep();
      const again = await afterOneStep();
      // Only the compiled program stays allocated; if nothing were returned, all compilation memory
      // would.
      const took = compiled.peak - again.rss;
      expect(compiled.rss - again.rss).toBeLessThan(took / 2);
    } finally {
      await testBed.remove();
    }
  },
);
