import { expect, it } from 'vitest';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { configured, SMALLEST_VIT, TestBed } from '../../fixtures/engine/test-bed.ts';

const BATCH = 4;
const SIDE = 96;
/** Bytes of the images fed to one step: a leak would be at least that large. */
const FED = BATCH * 3 * SIDE ** 2 * 4;

it('memory is flat over 500 steps', async () => {
  const testBed = await TestBed.open({ ...SMALLEST_VIT, imageSize: SIDE, patchSize: 32 });
  try {
    const images = await testBed.images({ train: 128, val: 4 });
    // 32 updates per epoch: steps 100 and 500 are updates 4 and 20 of their epochs, with images
    // prefetched.
    const job = await testBed.run(
      images,
      configured({
        ...{ batchSize: BATCH, schedule: { epochs: 16 } },
        ...{ validateEvery: 4, checkpointEverySeconds: 3600 },
      }),
    );
    const env = { KARST_TEST_MEMORY: '100,300,500' };
    const engine = await runProcess(job, testBed.cacheDir, { native: true, env });
    expect(engine.outcome()).toMatchObject({ type: 'done', result: { steps: 512 } });
    const [first, middle, last] = engine.memory;
    expect(engine.memory.map((m) => m.step)).toEqual([100, 300, 500]);
    // No tensor and no native handle is leaked per step.
    expect([middle!.numTensors, last!.numTensors]).toEqual([first!.numTensors, first!.numTensors]);
    expect([middle!.handles, last!.handles]).toEqual([first!.handles, first!.handles]);
    // Buffers: at most 16 prefetched batches, and those read by a checkpoint.
    expect(last!.arrayBuffers - first!.arrayBuffers).toBeLessThan(20 * FED);
    // Process memory fluctuates with allocators and V8 in the loading threads: allows half of what
    // would accumulate if every step leaked its images.
    expect(last!.rss - first!.rss).toBeLessThan((400 * FED) / 2);
    expect(last!.rss - middle!.rss).toBeLessThan((200 * FED) / 2);
  } finally {
    await testBed.remove();
  }
});
