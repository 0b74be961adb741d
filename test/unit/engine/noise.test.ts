import { describe, expect, it } from 'vitest';
import type { Model } from '../../../main/engine/model/model.ts';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { batchNoise, dropsPatches, stepNoise } from '../../../main/engine/train/noise.ts';
import { TRAINING_DEFAULTS, type TrainingConfig } from '../../../shared/domain/training.ts';
import { configured, SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { allSettings } from '../../../shared/training/config.ts';

const architecture = { ...SMALLEST_VIT, depth: 3 };
const config: TrainingConfig = configured(
  { dropPath: 0.4, batchSize: 500, karst: { rank: 8, kernels: 8, rankDropout: 0.25 } },
  TRAINING_DEFAULTS,
);
const { karst } = allSettings(config);
/** The random tensors of a batch. */
const drawn = (of: Model, o: TrainingConfig, epoch: number, batch: number) =>
  batchNoise(stepNoise(of, o), o, epoch, batch);
/** Number of patches kept per image. */
const kept = (o: TrainingConfig): number | undefined =>
  stepNoise(model, o).find(({ name }) => name === 'patchDrop')?.shape[1];
const model = adapted({ architecture, classes: 3, method: 'karst', karst });
const share = (values: Float32Array, value: number): number =>
  values.filter((v) => v === Math.fround(value)).length / values.length;

describe('the random masks of a step', () => {
  const noise = drawn(model, config, 2, 7);

  it('drop paths more often the deeper, both branches of a block alike, and make up for it', () => {
    const mask = noise['dropPath']!;
    expect(mask.length).toBe(2 * 3 * 500);
    [0, 0.2, 0.4].forEach((p, block) => {
      const rows = mask.subarray(block * 1000, (block + 1) * 1000);
      expect(share(rows, 0)).toBeCloseTo(p, 1);
      expect(share(rows, 0) + share(rows, 1 / (1 - p))).toBe(1);
    });
  });

  it('drop rank directions of each Linear by themselves', () => {
    const mask = noise['rankDropout']!;
    expect(mask.length).toBe(12 * 64);
    expect(share(mask, 0)).toBeCloseTo(0.25, 1);
    expect(share(mask, 0) + share(mask, 1 / 0.75)).toBe(1);
    expect(mask.slice(0, 64)).not.toEqual(mask.slice(64, 128));
  });

  it('are functions of seed, epoch and batch', () => {
    expect(drawn(model, config, 2, 7)).toEqual(noise);
    for (const other of [
      drawn(model, config, 3, 7),
      drawn(model, config, 2, 8),
      drawn(model, { ...config, seed: 1 }, 2, 7),
    ]) {
      expect(other['dropPath']).not.toEqual(noise['dropPath']);
      expect(other['rankDropout']).not.toEqual(noise['rankDropout']);
    }
  });

  it('keep the share of patches that is left, other ones in each image, each once', () => {
    const wide = { ...architecture, imageSize: 64 };
    const sixtyFour = adapted({ architecture: wide, classes: 3, method: 'karst', karst });
    const dropping = { ...config, patchDrop: 0.7 };
    const selection = drawn(sixtyFour, dropping, 2, 7)['patchDrop']!;
    expect(selection.length).toBe(500 * 19 * 64);
    const counts = new Float64Array(64);
    const seen = new Set<string>();
    let oneHot = 0;
    let distinct = 0;
    for (let image = 0; image < 500; image++) {
      const rows = Array.from({ length: 19 }, (_, i) => {
        const row = selection.subarray((image * 19 + i) * 64, (image * 19 + i + 1) * 64);
        oneHot += Number(row.filter((x) => x !== 0).length === 1 && row.includes(1));
        return row.indexOf(1);
      });
      distinct += Number(new Set(rows).size === 19);
      for (const patch of rows) counts[patch]! += 1;
      seen.add(rows.sort((a, b) => a - b).join());
    }
    expect([oneHot, distinct, seen.size]).toEqual([500 * 19, 500, 500]);
    // 500 draws of 19 out of 64: each patch is expected 148 times, with a deviation of 10.
    expect(Math.min(...counts)).toBeGreaterThan(100);
    expect(Math.max(...counts)).toBeLessThan(200);
    expect(drawn(sixtyFour, dropping, 2, 7)['patchDrop']).toEqual(selection);
    expect(drawn(sixtyFour, dropping, 2, 8)['patchDrop']).not.toEqual(selection);
    expect(drawn(sixtyFour, dropping, 1, 7)['patchDrop']).not.toEqual(selection);
  });

  it('leave at least one patch, and all of them in the last fifth of the epochs', () => {
    expect(kept({ ...config, patchDrop: 0.9 })).toBe(1);
    expect(kept(config)).toBeUndefined();
    const lacking = (epochs: number): boolean[] =>
      Array.from({ length: epochs }, (_, epoch) => {
        const schedule = { ...config.schedule, epochs };
        return dropsPatches({ ...config, schedule, patchDrop: 0.5 }, epoch);
      });
    expect(lacking(1)).toEqual([true]);
    expect(lacking(6)).toEqual([true, true, true, true, true, false]);
    expect(lacking(14).lastIndexOf(true)).toBe(11);
    const last = { ...config, schedule: { ...config.schedule, epochs: 6 }, patchDrop: 0.5 };
    expect(drawn(model, last, 5, 0)).not.toHaveProperty('patchDrop');
  });

  it('are none where they are off or have nothing to drop', () => {
    const plain = adapted({ architecture, classes: 3, method: 'karst' });
    expect(drawn(plain, configured({}), 0, 0)).toEqual({});
    const linear = configured({ method: 'linear', dropPath: 0.5, karst: { rankDropout: 0.5 } });
    const head = adapted({ architecture, classes: 3, method: 'linear', karst });
    expect(drawn(head, linear, 0, 0)).toEqual({});
    expect([...head.trained.keys()].sort()).toEqual(['head.bias', 'head.weight']);
  });

  it('of a single block drop it with the full probability', () => {
    const shallow = { ...architecture, depth: 1 };
    const one = adapted({ architecture: shallow, classes: 3, method: 'karst', karst });
    expect(share(drawn(one, config, 0, 0)['dropPath']!, 0)).toBeCloseTo(0.4, 1);
  });
});
