import { describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { trainingProgram } from '../../../main/engine/train/step.ts';
import {
  inputBytes,
  trainingMemory,
} from '../../../main/host/services/planning/memory-estimate.ts';
import { memoryRequest } from '../../../main/host/services/planning/recomputation.ts';
import { TRAINING_DEFAULTS, type TrainingOverrides } from '../../../shared/domain/training.ts';
import { heldBy } from '../../fixtures/engine/liveness.ts';
import { configured } from '../../fixtures/engine/workshop.ts';
import { ARCHITECTURE } from './support.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

const MIB = 2 ** 20;
const TINY = {
  ...ARCHITECTURE,
  ...{ imageSize: 224, patchSize: 16, width: 192, depth: 12, heads: 3, hidden: 768 },
};
const BASE = { ...TINY, width: 768, heads: 12, hidden: 3072 };

interface Ways {
  readonly architecture?: typeof TINY;
  readonly recomputedBlocks?: number;
  readonly kernels?: boolean;
}

/** Of a training with ten classes, without the images on their way. */
function estimate(overrides: TrainingOverrides, ways: Ways = {}): number {
  const { architecture = TINY, recomputedBlocks = 0, kernels = false } = ways;
  const request = memoryRequest(architecture, configured(overrides), 10);
  return (
    trainingMemory(request, { recomputedBlocks, kernels, loadingThreads: 1 }) -
    inputBytes(request, 1)
  );
}

describe('the memory of a training', () => {
  it('grows with the batch by what the blocks keep', () => {
    const perImage = (estimate({ batchSize: 20 }) - estimate({ batchSize: 10 })) / 10;
    expect(estimate({ batchSize: 40 }) - estimate({ batchSize: 20 })).toBeCloseTo(20 * perImage, 0);
    expect(estimate({ method: 'linear', batchSize: 20 })).toBeLessThan(estimate({ batchSize: 20 }));
    expect(estimate({ accumulate: 4, batchSize: 10 })).toBeLessThan(estimate({ batchSize: 40 }));
  });

  it.each([
    { title: 'ViT-Tiny', architecture: TINY },
    { title: 'ViT-Tiny on larger images', architecture: { ...TINY, imageSize: 384 } },
    { title: 'ViT-Base', architecture: BASE },
  ])('grows with every image by what the graph of $title holds for it', ({ architecture }) => {
    const method = 'full';
    const held = (batchSize: number): number => {
      const { karst, optimizer } = TRAINING_DEFAULTS;
      const model = adapted({ architecture, classes: 10, method, karst });
      const { program } = trainingProgram(model, {
        ...{ batchSize, loss: singleLabel.loss, optimizer, accumulate: 1 },
      });
      return 4 * heldBy(program.functions['train']!);
    };
    // Far beyond the batches whose step takes less than compiling it.
    const estimated = (batchSize: number): number =>
      estimate({ method, batchSize, matmulPrecision: 'high' }, { architecture, kernels: true });
    const share = (estimated(1040) - estimated(1000)) / 40 / ((held(16) - held(8)) / 8);
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(1.1);
  });

  // The table of peaks with recomputed blocks in docs/speed.md, in MiB, the compiling included.
  it.each([
    ...[
      { title: 'ViT-Tiny', batchSize: 16, recomputedBlocks: 0, peak: 1129 },
      { title: 'ViT-Tiny', batchSize: 16, recomputedBlocks: 11, peak: 1184 },
      { title: 'ViT-Tiny', batchSize: 64, recomputedBlocks: 0, peak: 2502 },
      { title: 'ViT-Tiny', batchSize: 64, recomputedBlocks: 11, peak: 1187 },
      { title: 'ViT-Base', batchSize: 8, recomputedBlocks: 0, peak: 2110 },
      { title: 'ViT-Base', batchSize: 8, recomputedBlocks: 11, peak: 1544 },
    ].map((row) => ({ ...row, kernels: true, least: -0.06, most: 0.085 })),
    ...[
      { title: 'ViT-Tiny', batchSize: 16, recomputedBlocks: 0, peak: 1620 },
      { title: 'ViT-Tiny', batchSize: 64, recomputedBlocks: 0, peak: 3206 },
      { title: 'ViT-Base', batchSize: 8, recomputedBlocks: 0, peak: 2815 },
    ].map((row) => ({ ...row, kernels: false, least: 0.08, most: 0.24 })),
  ])(
    'is near the peak of $title with $batchSize images, $recomputedBlocks recomputed blocks, kernels $kernels',
    ({ title, batchSize, recomputedBlocks, kernels, peak, least, most }) => {
      const architecture = title === 'ViT-Base' ? BASE : TINY;
      const karst = { rank: 8, factor: 8, kernels: 8 };
      const found = estimate(
        { method: 'karst', batchSize, karst, matmulPrecision: kernels ? 'high' : 'highest' },
        { architecture, recomputedBlocks, kernels },
      );
      const off = found / MIB / peak - 1;
      expect(off).toBeGreaterThan(least);
      expect(off).toBeLessThan(most);
    },
  );
});
