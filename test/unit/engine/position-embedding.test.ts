import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resamplePositionEmbedding } from '../../../main/engine/backbone/position-embedding.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';

/** Created by `make_position_embeddings.py` with timm's resample_abs_pos_embed. */
const fixture = await readAllFloat32(
  join(import.meta.dirname, '../../fixtures/engine/position-embeddings.safetensors'),
);
const WIDTH = 3;
const cases = [...fixture.keys()].flatMap((name) => {
  const [kind, side, target] = name.split('.');
  return kind === 'resampled' ? [{ side: Number(side), target: Number(target) }] : [];
});

describe('position embeddings at another image size', () => {
  it.each(cases)('are what timm makes of $side² patches for $target²', ({ side, target }) => {
    const stored = fixture.get(`stored.${String(side)}`)!;
    const wanted = fixture.get(`resampled.${String(side)}.${String(target)}`)!;
    const found = resamplePositionEmbedding(stored, WIDTH, { prefix: 1, side }, target);
    expect(found.length).toBe((1 + target * target) * WIDTH);
    // The class token is not part of the grid.
    expect(found.slice(0, WIDTH)).toEqual(stored.slice(0, WIDTH));
    const differences = wanted.map((value, i) => Math.abs(value - found[i]!));
    // timm's float32 sums differ by a few units in the last place.
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  it('stay as they are at their own size', () => {
    const stored = fixture.get('stored.7')!;
    expect(resamplePositionEmbedding(stored, WIDTH, { prefix: 1, side: 7 }, 7)).toBe(stored);
  });

  it('keep a constant constant and a ramp symmetric', () => {
    const constant = new Float32Array(1 + 25).fill(0.75);
    for (const value of resamplePositionEmbedding(constant, 1, { prefix: 1, side: 5 }, 8))
      expect(value).toBe(0.75);
    const ramp = Float32Array.from({ length: 26 }, (_, i) => (i === 0 ? 9 : ((i - 1) % 5) - 2));
    const found = resamplePositionEmbedding(ramp, 1, { prefix: 1, side: 5 }, 8);
    for (let x = 0; x < 8; x++) expect(found[1 + x]).toBeCloseTo(-found[1 + 7 - x]!, 6);
  });

  it('cover both directions', () => {
    expect(cases.some((c) => c.target > c.side)).toBe(true);
    expect(cases.some((c) => c.target < c.side)).toBe(true);
  });
});
