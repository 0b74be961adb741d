import { expect, it } from 'vitest';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { configured, Workshop } from '../../fixtures/engine/workshop.ts';

const MIB = 2 ** 20;

it('memory is flat over 500 steps', async () => {
  const workshop = await Workshop.open();
  try {
    const images = await workshop.images({ train: 128, val: 4 });
    // 32 updates an epoch: steps 100 and 500 are both 4 and 20 updates into theirs, with images ahead.
    const job = await workshop.run(
      images,
      configured({ schedule: { epochs: 16 }, validateEvery: 4, checkpointEverySeconds: 3600 }),
    );
    const env = { KARST_TEST_MEMORY: '100,300,500' };
    const engine = await runProcess(job, workshop.cacheDir, { native: true, env });
    expect(engine.outcome()).toMatchObject({ type: 'done', result: { steps: 512 } });
    const [first, middle, last] = engine.memory;
    expect(engine.memory.map((m) => m.step)).toEqual([100, 300, 500]);
    // Not one tensor and not one native handle a step.
    expect([middle!.numTensors, last!.numTensors]).toEqual([first!.numTensors, first!.numTensors]);
    expect([middle!.handles, last!.handles]).toEqual([first!.handles, first!.handles]);
    // Buffers: the batches that the loader has ahead, 16 of 12 kB at most, and what a checkpoint reads.
    expect(last!.arrayBuffers - first!.arrayBuffers).toBeLessThan(MIB);
    // The process as a whole: 26 MiB between steps 100 and 300, when compilers and allocators have what they need,
    // and none between 300 and 500 (measured); V8 collects in its own time in the loading threads.
    expect(last!.rss - first!.rss).toBeLessThan(64 * MIB);
    expect(last!.rss - middle!.rss).toBeLessThan(24 * MIB);
  } finally {
    await workshop.remove();
  }
});
