import { describe, expect, it } from 'vitest';
import { presetSettings } from '../../../renderer/domain/settings.ts';
import { nearSize, parameterCount, type Architecture } from '../../../shared/models/registry.ts';
import { factorize } from '../../../shared/methods/factorize.ts';
import { trainedParameters } from '../../../shared/methods/trained.ts';
import { configFrom } from '../../../shared/training/config.ts';
import type { AllSettings } from '../../../shared/training/settings.ts';

const VIT_BASE: Architecture = {
  family: 'vit',
  imageSize: 224,
  patchSize: 16,
  width: 768,
  depth: 12,
  heads: 12,
  mlpDim: 3072,
  qkvBias: true,
  classes: 0,
  layerNormEpsilon: 1e-6,
};

const trained = (settings: AllSettings, classes: number) =>
  trainedParameters(nearSize(VIT_BASE, settings.imageSize), configFrom(settings).tuning, classes);

it('splits a dimension into factors as LyCORIS does', () => {
  expect([
    factorize(192, 8),
    factorize(4, 8),
    factorize(768, -1),
    factorize(10, 4),
    factorize(7, 4),
    factorize(4, 16),
  ]).toEqual([
    [8, 24],
    [2, 2],
    [24, 32],
    [2, 5],
    [1, 7],
    [2, 2],
  ]);
});

const STANDARD = { method: 'karst', mayFlip: true, backbone: null } as const;

describe('trained parameters', () => {
  it('are those that were published for ViT-B/16', () => {
    const published = trained(presetSettings('paper-code', STANDARD), 100);
    expect(published.adapter / 1e6).toBeCloseTo(1.2, 2);
    expect(published.head).toBe(769 * 100);
    const compact = trained(presetSettings('compact', STANDARD), 100);
    expect(compact.adapter / 1e6).toBeCloseTo(0.3, 2);
  });

  it('are the head alone for the linear method and the whole backbone for the full one', () => {
    const config = presetSettings('standard', STANDARD);
    expect(trained({ ...config, method: 'linear' }, 7)).toEqual({
      adapter: 0,
      head: 769 * 7,
    });
    const full = trained({ ...config, method: 'full' }, 7);
    expect(full.adapter).toBe(parameterCount(VIT_BASE));
  });

  it('follow the image size through the position embeddings', () => {
    const config = {
      ...presetSettings('standard', STANDARD),
      method: 'full',
      imageSize: 448,
    } as const;
    const grown = trained(config, 7).adapter - parameterCount(VIT_BASE);
    expect(grown).toBe((28 * 28 - 14 * 14) * 768);
  });
});
