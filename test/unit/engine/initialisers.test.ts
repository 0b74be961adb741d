import { describe, expect, it } from 'vitest';
import { randomBackbone } from '../../../main/engine/backbone/load.ts';
import { initialTensor } from '../../../main/engine/initialisers.ts';
import { karst, type KarstOptions } from '../../../shared/methods/karst.ts';
import { headTensors } from '../../../shared/models/head.ts';
import type { LinearKind, LinearSpec, ModelSpec } from '../../../shared/models/spec.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';

const KERNELS = 4;
const SEED = 3;
const options = (init: KarstOptions['init']): KarstOptions => ({
  ...karst.options.defaults,
  ...{ kernels: KERNELS, rank: 20, factor: -1, rescale: 'channel', init },
});
// Factors (N, 40, 25), (N, 3, 20, 49), (N, 30, 20): large enough for sample deviations within a few
// per cent.
const linear = (path: string, kind: LinearKind, inner: number, out: number): LinearSpec => ({
  ...{ path, kind, in: inner, out, parts: kind === 'attn.qkv' ? 3 : 1, bias: true },
});
const model = (block: string): ModelSpec => ({
  ...{ tensors: [], blocks: 1, tokens: 1, width: 100 },
  linears: [
    linear(`${block}.attn.qkv`, 'attn.qkv', 25 * 30, 3 * 40 * 49),
    linear(`${block}.attn.proj`, 'attn.proj', 16, 16),
  ],
});

/** The initial tensors of an adapter and its head. */
function started(init: KarstOptions['init'], seed = SEED, block = 'blocks.0') {
  const fresh = [...karst.added(model(block), options(init)), ...headTensors(100, 50)];
  return new Map(fresh.map((tensor) => [tensor.name, initialTensor(tensor, seed)]));
}

const of = (tensors: ReadonlyMap<string, Float32Array>, name: string): Float32Array => {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`no tensor "${name}"`);
  return found;
};
function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
const extreme = (values: Float32Array): number =>
  values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);

describe('the start of an adapter', () => {
  const gaussian = started('gaussian');

  it('has karst_b zero and re-scaling neutral', () => {
    expect(extreme(of(gaussian, 'blocks.0.attn.qkv.karst_b'))).toBe(0);
    for (const side of ['in', 'out']) {
      const site = `blocks.0.attn.proj.${side}`;
      expect(new Set(of(gaussian, `${site}_scale`))).toEqual(new Set([1]));
      expect(new Set(of(gaussian, `${site}_shift`))).toEqual(new Set([0]));
    }
  });

  it('draws karst_c with 1/√(N·m) and karst_a with 1/√k under gaussian', () => {
    const c = moments(of(gaussian, 'blocks.0.attn.qkv.karst_c'));
    expect(c.deviation * Math.sqrt(KERNELS * 25)).toBeCloseTo(1, 1);
    expect(Math.abs(c.mean) * Math.sqrt(KERNELS * 25)).toBeLessThan(0.06);
    const a = moments(of(gaussian, 'blocks.0.attn.qkv.karst_a'));
    expect(a.deviation * 7).toBeCloseTo(1, 1);
    // Not uniform: the tails exceed √3 deviations.
    expect(extreme(of(gaussian, 'blocks.0.attn.qkv.karst_a')) * 7).toBeGreaterThan(2.5);
  });

  it('draws both uniformly within 1/√fan under kaiming, whatever the number of kernels', () => {
    const kaiming = started('kaiming');
    for (const [leaf, fan] of [
      ['karst_c', 25],
      ['karst_a', 49],
    ] as const) {
      const values = of(kaiming, `blocks.0.attn.qkv.${leaf}`);
      expect(extreme(values)).toBeLessThanOrEqual(1 / Math.sqrt(fan));
      expect(extreme(values)).toBeGreaterThan(0.98 / Math.sqrt(fan));
      expect(moments(values).deviation * Math.sqrt(3 * fan)).toBeCloseTo(1, 1);
    }
    expect(extreme(of(kaiming, 'blocks.0.attn.qkv.karst_b'))).toBe(0);
  });

  it('has a head of small numbers, cut at two deviations, and no bias', () => {
    const head = of(gaussian, 'head.weight');
    expect(extreme(head)).toBeLessThanOrEqual(Math.fround(0.04));
    // A normal distribution truncated at 2σ has a standard deviation of 0.880 σ.
    expect(moments(head).deviation / 0.02).toBeCloseTo(0.88, 1);
    expect(extreme(of(gaussian, 'head.bias'))).toBe(0);
  });

  it('depends on the seed and on each name alone', () => {
    const name = 'blocks.0.attn.qkv.karst_a';
    expect(of(started('gaussian'), name)).toEqual(of(gaussian, name));
    expect(of(started('gaussian', SEED + 1), name)).not.toEqual(of(gaussian, name));
    const renamed = started('gaussian', SEED, 'blocks.1');
    expect(of(renamed, 'blocks.1.attn.qkv.karst_a')).not.toEqual(of(gaussian, name));
  });
});

describe('a backbone from scratch', () => {
  it('has unit norms, zero biases and small normal weights', () => {
    const tensors = randomBackbone(SMALLEST_VIT, 9);
    expect(tensors.has('head.weight')).toBe(false);
    for (const [name, values] of tensors) {
      if (/norm\d?\.weight$/.test(name)) expect(new Set(values), name).toEqual(new Set([1]));
      else if (name.endsWith('.bias')) expect(extreme(values), name).toBe(0);
      else {
        expect(extreme(values), name).toBeGreaterThan(0.01);
        expect(extreme(values), name).toBeLessThanOrEqual(Math.fround(0.04));
      }
    }
  });
});
