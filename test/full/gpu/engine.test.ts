import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { softwareCard } from '../../fixtures/engine/software-card.ts';
import { configured, metricsOf, TestBed } from '../../fixtures/engine/test-bed.ts';

/** A training in an engine process, as the host starts it, on a card in software. */
const card = await softwareCard();
// The engine opens its own.
card?.close();

describe.skipIf(card === null)('an engine process on a graphics card', () => {
  let testBed: TestBed;
  let images: ManifestImage[];
  beforeAll(async () => {
    testBed = await TestBed.open();
    images = await testBed.images({ train: 12, val: 3 });
  });
  afterAll(() => testBed.remove());

  it('trains as the processor does, says on what, and ends', { timeout: 1_200_000 }, async () => {
    const losses = async (env: Record<string, string>) => {
      const job = await testBed.run(images, configured({}), {});
      const engine = await runProcess(job, testBed.cacheDir, { native: false, env });
      expect(await engine.ended()).toEqual({ code: 0, signal: null });
      expect(engine.outcome().type).toBe('done');
      return { ready: engine.events[0], losses: (await metricsOf(job)).map(({ loss }) => loss) };
    };
    const wanted = await losses({});
    const found = await losses({ KARST_BACKEND: 'webgpu' });
    expect(found.ready).toMatchObject({
      type: 'ready',
      device: { backend: 'webgpu', device: 'gpu', devices: ['CPU', card!.name] },
    });
    expect(found.losses).toHaveLength(wanted.losses.length);
    found.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (wanted.losses[i] ?? NaN))).toBeLessThan(1e-4);
    });
  });
});
