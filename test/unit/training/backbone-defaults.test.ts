import { describe, expect, it } from 'vitest';
import { traitsOf } from '../../../shared/training/method-defaults.ts';
import { defaultOf, SETTINGS, type SettingKey } from '../../../shared/training/settings.ts';
import { METHOD_NAMES, type Method } from '../../../shared/methods/registry.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { SMALLEST_SWIN } from '../../fixtures/models.ts';

const LARGE = { ...SMALLEST_VIT, imageSize: 224 };
const SCALED = { ...LARGE, layerScale: true } as const;

function usual(key: SettingKey, architecture: Architecture, method: Method = 'karst') {
  return defaultOf(SETTINGS[key], { method, mayFlip: true, backbone: traitsOf(architecture) });
}

const rates = (architecture: Architecture) =>
  METHOD_NAMES.map((method) => usual('optimizer.learningRate', architecture, method));

describe('defaults by backbone', () => {
  it('move one for small inputs further, most of all by KARST', () => {
    rates(SMALLEST_VIT).forEach((rate, index) => {
      expect(rate).toBeGreaterThan(Number(rates(LARGE)[index]));
    });
    expect([usual('karst.alpha', SMALLEST_VIT), usual('karst.alpha', LARGE)]).toEqual([32, 8]);
    expect(usual('karst.factor', SMALLEST_VIT)).toBe(8);
  });

  it('give one with LayerScale a higher rate and smaller Kronecker factors', () => {
    const [scaled, plain] = [SCALED, LARGE].map((a) => usual('optimizer.learningRate', a));
    expect(scaled).toBeGreaterThan(Number(plain));
    expect([usual('karst.factor', SCALED), usual('karst.factor', LARGE)]).toEqual([4, 8]);
  });

  it('count the small input first where a backbone is of two kinds', () => {
    const both = { ...SMALLEST_VIT, layerScale: true } as const;
    expect(rates(both)).toEqual(rates(SMALLEST_VIT));
    expect(usual('karst.factor', both)).toBe(4);
  });

  it('give Swin a rank by stage and every other setting as elsewhere', () => {
    expect([usual('karst.rank', SMALLEST_SWIN), usual('karst.rank', LARGE)]).toEqual([0, 8]);
    expect(usual('batchSize', SMALLEST_SWIN)).toBe(usual('batchSize', LARGE));
  });

  it('are those of the method where no backbone is chosen', () => {
    const none = { method: 'karst', mayFlip: true, backbone: null } as const;
    expect(defaultOf(SETTINGS['karst.alpha'], none)).toBe(8);
    expect(defaultOf(SETTINGS['optimizer.learningRate'], none)).toBe(
      usual('optimizer.learningRate', LARGE),
    );
  });
});
