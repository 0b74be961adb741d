import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resamplePositionEmbedding } from '../../../main/engine/backbone/position-embedding.ts';
import { POSITION_RULES, type PositionRule } from '../../../shared/domain/position-rule.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';

/** Created by `make_position_embeddings.py` with timm and PyTorch. */
const fixture = await readAllFloat32(
  join(import.meta.dirname, '../../fixtures/engine/position-embeddings.safetensors'),
);
const WIDTH = 3;
const cases = [...fixture.keys()].flatMap((name) => {
  const [rule, side, target] = name.split('.');
  if (target === undefined) return [];
  return [{ rule: rule as PositionRule, side: Number(side), target: Number(target) }];
});

function largest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe('position embeddings at another image size', () => {
  it.each(cases)('of $side² patches are by $rule for $target²', ({ rule, side, target }) => {
    const stored = fixture.get(`stored.${String(side)}`)!;
    const wanted = fixture.get(`${rule}.${String(side)}.${String(target)}`)!;
    const found = resamplePositionEmbedding(stored, WIDTH, { prefix: 1, side }, target, rule);
    expect(found.length).toBe((1 + target * target) * WIDTH);
    // The class token is not part of the grid.
    expect(found.slice(0, WIDTH)).toEqual(stored.slice(0, WIDTH));
    // Float32 sums of the libraries differ by a few units in the last place.
    expect(largest(found, wanted)).toBeLessThan(1e-5);
  });

  it('differ by rule where DINOv2 is used at 224 pixels', () => {
    const grids = POSITION_RULES.map((rule) => fixture.get(`${rule}.37.16`)!);
    for (const [i, one] of grids.entries())
      for (const other of grids.slice(i + 1)) expect(largest(one, other)).toBeGreaterThan(0.1);
  });

  it('stay as they are at their own size', () => {
    const stored = fixture.get('stored.7')!;
    expect(resamplePositionEmbedding(stored, WIDTH, { prefix: 1, side: 7 }, 7, 'timm')).toBe(
      stored,
    );
  });

  it('keep a constant constant and a ramp symmetric', () => {
    const constant = new Float32Array(1 + 25).fill(0.75);
    for (const rule of POSITION_RULES)
      for (const value of resamplePositionEmbedding(constant, 1, { prefix: 1, side: 5 }, 8, rule))
        expect(value).toBe(0.75);
    const ramp = Float32Array.from({ length: 26 }, (_, i) => (i === 0 ? 9 : ((i - 1) % 5) - 2));
    const found = resamplePositionEmbedding(ramp, 1, { prefix: 1, side: 5 }, 8, 'timm');
    for (let x = 0; x < 8; x++) expect(found[1 + x]).toBeCloseTo(-found[1 + 7 - x]!, 6);
  });

  it('cover both directions', () => {
    expect(cases.some((c) => c.target > c.side)).toBe(true);
    expect(cases.some((c) => c.target < c.side)).toBe(true);
  });
});
