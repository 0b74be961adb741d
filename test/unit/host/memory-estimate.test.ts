import { describe, expect, it } from 'vitest';
import { inputBytes, trainingMemory } from '../../../main/host/services/memory-estimate.ts';
import type { TrainingOverrides } from '../../../shared/domain/training.ts';
import { configured } from '../../fixtures/engine/workshop.ts';
import { ARCHITECTURE } from './support.ts';

describe('the memory of a training', () => {
  /** Without the images on their way. */
  const of = (o: TrainingOverrides): number => {
    const request = {
      architecture: { ...ARCHITECTURE, imageSize: 224, width: 192, depth: 12, hidden: 768 },
      config: configured(o),
      adapterParameters: 1000,
      headParameters: 100,
    };
    const ways = { recomputedBlocks: 0, kernels: false };
    return trainingMemory(request, ways) - inputBytes(request);
  };

  it('grows with the batch by what the blocks keep', () => {
    const perImage = (of({ batchSize: 20 }) - of({ batchSize: 10 })) / 10;
    expect(of({ batchSize: 40 }) - of({ batchSize: 20 })).toBeCloseTo(20 * perImage, 0);
    expect(of({ method: 'linear', batchSize: 20 })).toBeLessThan(of({ batchSize: 20 }));
    expect(of({ accumulate: 4, batchSize: 10 })).toBeLessThan(of({ batchSize: 40 }));
  });
});
