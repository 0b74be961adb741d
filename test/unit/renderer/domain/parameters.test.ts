import { describe, expect, it } from 'vitest';
import { presetConfig } from '../../../../renderer/domain/config.ts';
import { trainableParameters } from '../../../../renderer/domain/parameters.ts';
import { parameterCount, type VitArchitecture } from '../../../../shared/domain/architecture.ts';

const VIT_BASE: VitArchitecture = {
  family: 'vit',
  imageSize: 224,
  patchSize: 16,
  width: 768,
  depth: 12,
  heads: 12,
  hidden: 3072,
  qkvBias: true,
  classes: 0,
  layerNormEpsilon: 1e-6,
};

describe('trained parameters', () => {
  it('are those that were published for ViT-B/16', () => {
    const published = trainableParameters(VIT_BASE, presetConfig('paper-code'), 100);
    expect(published.adapter / 1e6).toBeCloseTo(1.2, 2);
    expect(published.head).toBe(769 * 100);
    const compact = trainableParameters(VIT_BASE, presetConfig('compact'), 100);
    expect(compact.adapter / 1e6).toBeCloseTo(0.3, 2);
  });

  it('are the head alone for the linear method and the whole backbone for the full one', () => {
    const config = presetConfig('standard');
    expect(trainableParameters(VIT_BASE, { ...config, method: 'linear' }, 7)).toEqual({
      adapter: 0,
      head: 769 * 7,
    });
    const full = trainableParameters(VIT_BASE, { ...config, method: 'full' }, 7);
    expect(full.adapter).toBe(parameterCount(VIT_BASE));
  });

  it('follow the image size through the position embeddings', () => {
    const config = { ...presetConfig('standard'), method: 'full', imageSize: 448 } as const;
    const grown = trainableParameters(VIT_BASE, config, 7).adapter - parameterCount(VIT_BASE);
    expect(grown).toBe((28 * 28 - 14 * 14) * 768);
  });
});
