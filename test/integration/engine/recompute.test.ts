import { expect, it } from 'vitest';
import type {
  EngineEvent,
  MeasureJob,
  MeasureResult,
  TrainJob,
} from '../../../shared/contract/engine.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import {
  configured,
  metricsOf,
  MINUTE_VIT,
  timeless,
  weightsFile,
  Workshop,
} from '../../fixtures/engine/workshop.ts';
import { distance } from '../../unit/engine/random-tensors.ts';

/** Blocks that are computed again in the backward pass, compiled by XLA. */
const MIB = 2 ** 20;

it('takes less memory: what is recomputed is not merged with what was there', async () => {
  // 257 tokens in six blocks, of which a batch of 36 leaves some 60 MiB each.
  const workshop = await Workshop.open({
    ...MINUTE_VIT,
    ...{ imageSize: 128, width: 64, hidden: 256, heads: 4, depth: 6 },
  });
  try {
    const measure: MeasureJob = {
      ...{
        kind: 'measure',
        backbone: workshop.backbone,
        classes: 3,
        steps: 1,
        recomputedBlocks: 0,
      },
      config: configured({ batchSize: 36, optimiser: { clipNorm: 1 } }),
    };
    const peak = async (recomputedBlocks: number): Promise<number> => {
      const job = { ...measure, recomputedBlocks };
      const engine = await runProcess(job, workshop.cacheDir, { native: true });
      const outcome = engine.outcome() as Extract<EngineEvent, { type: 'done' }>;
      return (outcome.result as MeasureResult).peakBytes;
    };
    const whole = await peak(0);
    expect(whole - (await peak(5))).toBeGreaterThan(100 * MIB);
  } finally {
    await workshop.remove();
  }
});

it('comes to the same, and says that it recomputes', async () => {
  const workshop = await Workshop.open({ ...MINUTE_VIT, depth: 3 });
  try {
    const images = await workshop.images({ train: 12, val: 6 });
    const config = configured({
      ...{ dropPath: 0.2, patchDrop: 0.5, schedule: { epochs: 3 } },
      // One number for all channels would have no gradient where a norm follows, and AdamW makes steps of its noise.
      karst: { rankDropout: 0.25, rescale: 'channel' },
    });
    const train = async (changes: Partial<TrainJob>) => {
      const job = await workshop.run(images, config, changes);
      const engine = await runProcess(job, workshop.cacheDir, { native: true });
      expect(engine.outcome().type).toBe('done');
      return {
        metrics: timeless(await metricsOf(job)),
        adapter: await readAllFloat32(weightsFile(job)),
        log: engine.events.flatMap((e) => (e.type === 'log' ? [e.message] : [])),
      };
    };
    const plain = await train({});
    const again = await train({ recomputedBlocks: 2 });
    expect(plain.log.join()).not.toContain('computed again');
    expect(again.log).toContainEqual(expect.stringMatching(/^Memory is short: 2 of 3 blocks/));
    const losses = ({ metrics }: typeof plain): number[] =>
      metrics.map((record) => (record as { loss: number }).loss);
    expect(losses(again)).toHaveLength(losses(plain).length);
    expect(distance(losses(again), losses(plain))).toBeLessThan(1e-6);
    expect([...again.adapter.keys()]).toEqual([...plain.adapter.keys()]);
    for (const [name, values] of plain.adapter)
      expect(distance(again.adapter.get(name)!, values), name).toBeLessThan(1e-5);
  } finally {
    await workshop.remove();
  }
});
