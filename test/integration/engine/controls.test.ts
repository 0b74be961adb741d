import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { interruptedAt, perform } from '../../fixtures/engine/in-process.ts';
import {
  configured,
  metricsOf,
  timeless,
  weightsFile,
  TestBed,
} from '../../fixtures/engine/test-bed.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

/** What a person tells a run on the interpreter in this process. */
let testBed: TestBed;
let images: ManifestImage[];
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 18, val: 6 });
});
afterAll(() => testBed.remove());

const layOut = (overrides: SomeSettings): Promise<TrainJob> =>
  testBed.run(images, configured(overrides));

const trained = (job: TrainJob) => perform(job, { cacheDir: testBed.cacheDir });

describe('controls', () => {
  const watching = () => ({ cacheDir: testBed.cacheDir, events: [] as EngineEvent[] });
  const steps = (events: readonly EngineEvent[]): number[] =>
    events.flatMap((e) =>
      e.type === 'metrics' && e.record.kind === 'train' ? [e.record.step] : [],
    );

  it('pause between two steps with a checkpoint, and go on as if nothing had been', async () => {
    const plain = await layOut({});
    await trained(plain);
    const job = await layOut({});
    let stepsWhilePaused = -1;
    const watched: EngineEvent[] = [];
    const { events } = await interruptedAt(job, 3, 'pause', {
      cacheDir: testBed.cacheDir,
      onEvent: (event, channel) => {
        if (event.type !== 'state' || event.state !== 'paused') return;
        const before = steps(watched).length;
        // Waits for the duration of another complete training.
        void layOut({})
          .then(trained)
          .finally(() => {
            stepsWhilePaused = steps(watched).length - before;
            channel.control('resume');
          });
      },
      events: watched,
    });
    expect(stepsWhilePaused).toBe(0);
    const order = events.flatMap((e) =>
      e.type === 'state'
        ? [e.state]
        : e.type === 'checkpoint'
          ? [`checkpoint ${String(e.step)}`]
          : [],
    );
    expect(order).toEqual(['checkpoint 3', 'paused', 'running', 'checkpoint 5', 'checkpoint 10']);
    expect(await readFile(weightsFile(job))).toEqual(await readFile(weightsFile(plain)));
    expect(timeless(await metricsOf(job))).toEqual(timeless(await metricsOf(plain)));
  });

  it('stop at the next step and keep the best so far', async () => {
    const job = await layOut({ schedule: { epochs: 4 } });
    const { result, events } = await interruptedAt(job, 8, 'stop', watching());
    expect(steps(events)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(result).toMatchObject({ stoppedEarly: true, steps: 8, epochs: 1, bestEpoch: 1 });
    const best = join(job.runDir, 'checkpoints', 'best-5', 'adapter.safetensors');
    expect(await readAllFloat32(weightsFile(job))).toEqual(await readAllFloat32(best));
  });

  it('stop before any validation and keep what there is', async () => {
    const job = await layOut({});
    const { result } = await interruptedAt(job, 2, 'stop', watching());
    expect(result).toMatchObject({ stoppedEarly: true, steps: 2, epochs: 0, val: null });
    expect((await readAllFloat32(weightsFile(job))).size).toBeGreaterThan(2);
  });

  it('stop and suspend out of a pause', async () => {
    for (const control of ['stop', 'suspend'] as const) {
      const job = await layOut({});
      const run = interruptedAt(job, 3, 'pause', {
        ...watching(),
        onEvent: (event, channel) => {
          if (event.type === 'state') setImmediate(() => channel.control(control));
        },
      });
      if (control === 'stop') expect((await run).result).toMatchObject({ steps: 3 });
      else await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    }
  });

  it('end an evaluation and a prediction that nobody wants any more', async () => {
    const job = await layOut({ schedule: { epochs: 1 } });
    await trained(job);
    const manifest = join(job.runDir, 'manifest.jsonl');
    const common = { adapterDir: job.adapterDir, backbone: job.backbone, batchSize: 4 };
    const onEvent = (event: EngineEvent, channel: { control: (c: 'stop') => void }): void => {
      if (event.type === 'progress' && event.done > 0) channel.control('stop');
    };
    for (const other of [
      { kind: 'evaluate', ...common, manifest } as const,
      { kind: 'predict', ...common, paths: images.map((i) => i.path), top: 2 } as const,
    ]) {
      const events: EngineEvent[] = [];
      await expect(perform(other, { ...watching(), onEvent, events })).rejects.toMatchObject({
        code: 'cancelled',
      });
      expect(events.filter((e) => e.type === 'prediction').length).toBeLessThan(images.length);
    }
  });
});
