import { describe, expect, it } from 'vitest';
import { prefersFactoredGradient } from '../../../main/tuning/karst-gradient-path.ts';
import { karstLinears } from '../../../shared/methods/karst.ts';
import { modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import { KARST_DEFAULTS, type KarstOptions } from '../../../shared/methods/karst.ts';

const options: KarstOptions = { ...KARST_DEFAULTS, rank: 8, factor: 8, kernels: 8 };

function vit(width: number, heads: number): Architecture {
  return {
    ...{ family: 'vit', imageSize: 224, patchSize: 16, width, depth: 1, heads, mlpDim: 4 * width },
    ...{ qkvBias: true, classes: 0, layerNormEpsilon: 1e-6 },
  };
}

const chosen = (width: number, heads: number, rows: number, o = options): string[] =>
  karstLinears(modelSpec(vit(width, heads)), o)
    .filter((linear) => prefersFactoredGradient(linear, o, rows))
    .map(({ path }) => path.replace('blocks.0.', ''));

describe('the way to the gradients of the factors', () => {
  it('is the factored one where the weight is large beside rank · kernels', () => {
    expect(chosen(768, 12, 8 * 197)).toContain('mlp.fc1');
    expect(chosen(192, 3, 16 * 197)).toEqual([]);
    expect(chosen(192, 3, 16 * 197, { ...options, kernels: 1 })).toContain('mlp.fc1');
    expect(chosen(768, 12, 8 * 197, { ...options, kernels: 64 })).toEqual([]);
  });
});
