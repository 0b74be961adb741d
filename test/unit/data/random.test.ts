import { describe, expect, test } from 'vitest';
import { philox, randomStream, shuffledIndices } from '../../../main/engine/random.ts';

function block(counter: number[], key: [number, number]): string {
  const out = new Int32Array(4);
  philox(Int32Array.from(counter), key[0], key[1], out);
  return [...out].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(' ');
}

describe('philox', () => {
  test('gives the known answers of Random123', () => {
    expect(block([0, 0, 0, 0], [0, 0])).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    expect(block([-1, -1, -1, -1], [-1, -1])).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
    expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toBe(
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });
});

describe('randomStream', () => {
  test('keeps its bits from version to version', () => {
    const stream = randomStream(7, 'shuffle', 2);
    expect([stream.uniform(), stream.normal(), stream.normal(), stream.integer(1000)]).toEqual([
      0.22467336987457243, 0.2347682856689701, 0.30728413238424723, 770,
    ]);
    expect([...shuffledIndices(10, randomStream(7, 'shuffle', 2))]).toEqual([
      9, 8, 6, 1, 5, 4, 2, 0, 7, 3,
    ]);
  });

  test('is a function of its arguments, whatever else is drawn', () => {
    const first = randomStream(3, 'augment', 1, 5);
    const other = randomStream(3, 'augment', 1, 6);
    const drawn = Array.from({ length: 8 }, () => (other.normal(), first.uniform()));
    const again = randomStream(3, 'augment', 1, 5);
    expect(Array.from({ length: 8 }, () => again.uniform())).toEqual(drawn);
  });

  test('tells apart seeds, keys, their order, their types and where strings end', () => {
    const streams = [
      randomStream(0),
      randomStream(1),
      randomStream(0, 1),
      randomStream(1, 0),
      randomStream(0, '1'),
      randomStream(0, 'ab'),
      randomStream(0, 'a', 'b'),
      randomStream(0, 'b', 'a'),
      randomStream(0, 0),
      randomStream(0, 0, 0),
      randomStream(0, 2 ** 32),
      randomStream(0, 0.5),
      randomStream(0, -1),
    ];
    expect(new Set(streams.map((stream) => stream.uniform())).size).toBe(streams.length);
    expect(randomStream(-0).uniform()).toBe(randomStream(0).uniform());
    expect(() => randomStream(Number.NaN)).toThrow(RangeError);
  });

  test('uniform is uniform and uncorrelated within and between streams', () => {
    const n = 200_000;
    const bins = new Float64Array(64);
    const a = randomStream(11, 'a');
    const b = randomStream(11, 'b');
    let previous = 0.5;
    let lag = 0;
    let cross = 0;
    for (let i = 0; i < n; i++) {
      const x = a.uniform();
      if (!(x >= 0 && x < 1)) throw new Error(`${x} is not in [0, 1)`);
      bins[Math.floor(x * 64)]! += 1;
      lag += (x - 0.5) * (previous - 0.5);
      cross += (x - 0.5) * (b.uniform() - 0.5);
      previous = x;
    }
    const expected = n / 64;
    const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: 0.1 % and 99.9 % quantiles.
    expect(chiSquare).toBeGreaterThan(33.2);
    expect(chiSquare).toBeLessThan(103.4);
    const fourSigma = (4 / 12) * Math.sqrt(n);
    expect(Math.abs(lag)).toBeLessThan(fourSigma);
    expect(Math.abs(cross)).toBeLessThan(fourSigma);
  });

  test('the first draws of neighbouring streams are uniform too', () => {
    const n = 20_000;
    const bins = new Float64Array(16);
    for (let i = 0; i < n; i++)
      bins[Math.floor(randomStream(0, 'augment', 0, i).uniform() * 16)]! += 1;
    const expected = n / 16;
    const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeGreaterThan(3.48); // 15 degrees of freedom
    expect(chiSquare).toBeLessThan(37.7);
  });

  test('normal has the moments and the tails of a standard normal', () => {
    const n = 400_000;
    const stream = randomStream(5, 'normal');
    const moments = [0, 0, 0, 0];
    let beyond2 = 0;
    let beyond3 = 0;
    for (let i = 0; i < n; i++) {
      const x = stream.normal();
      for (let power = 0; power < 4; power++) moments[power]! += x ** (power + 1) / n;
      if (Math.abs(x) > 2) beyond2++;
      if (Math.abs(x) > 3) beyond3++;
    }
    const sigma = 1 / Math.sqrt(n);
    expect(Math.abs(moments[0]!)).toBeLessThan(4 * sigma);
    expect(Math.abs(moments[1]! - 1)).toBeLessThan(4 * Math.SQRT2 * sigma);
    expect(Math.abs(moments[2]!)).toBeLessThan(4 * Math.sqrt(15) * sigma);
    expect(Math.abs(moments[3]! - 3)).toBeLessThan(4 * Math.sqrt(96) * sigma);
    expect(beyond2 / n).toBeCloseTo(0.0455, 2);
    expect(beyond3 / n).toBeCloseTo(0.0027, 3);
  });

  test('normal uses the logarithm to the last digits', () => {
    // The radius of a pair is sqrt(-2 ln s): recomputed with Math.log from the same uniforms.
    const uniforms = randomStream(9, 'log');
    const normals = randomStream(9, 'log');
    let worst = 0;
    for (let i = 0; i < 10_000; i++) {
      let u: number;
      let v: number;
      let s: number;
      do {
        u = 2 * uniforms.uniform() - 1;
        v = 2 * uniforms.uniform() - 1;
        s = u * u + v * v;
      } while (s >= 1 || s === 0);
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      for (const expected of [u * scale, v * scale])
        worst = Math.max(worst, Math.abs(normals.normal() / expected - 1));
    }
    expect(worst).toBeLessThan(1e-15);
  });

  test('integer is unbiased and refuses what it cannot do', () => {
    const stream = randomStream(2, 'integer');
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[stream.integer(3)]! += 1;
    for (const count of counts)
      expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(30_000 * (2 / 9)));
    // 3 · 2^30 leaves a remainder of a quarter of the range: a modulo without rejection would
    // favour the lower third.
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (stream.integer(3 * 2 ** 30) < 2 ** 30) low++;
    expect(Math.abs(low - 10_000)).toBeLessThan(4 * Math.sqrt(30_000 * (2 / 9)));
    expect(stream.integer(1)).toBe(0);
    expect(stream.integer(2 ** 32)).toBeLessThan(2 ** 32);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
      expect(() => stream.integer(n)).toThrow(RangeError);
  });
});

describe('shuffledIndices', () => {
  test('is a permutation, and every index reaches every place about equally often', () => {
    const n = 5;
    const rounds = 10_000;
    const counts = Array.from({ length: n }, () => new Array<number>(n).fill(0));
    for (let round = 0; round < rounds; round++) {
      const order = shuffledIndices(n, randomStream(round, 'shuffle'));
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
      order.forEach((value, place) => (counts[value]![place]! += 1));
    }
    const sigma = Math.sqrt(rounds * (1 / n) * (1 - 1 / n));
    for (const row of counts)
      for (const count of row) expect(Math.abs(count - rounds / n)).toBeLessThan(4.5 * sigma);
  });

  test('takes zero and one', () => {
    expect([...shuffledIndices(0, randomStream(0))]).toEqual([]);
    expect([...shuffledIndices(1, randomStream(0))]).toEqual([0]);
  });
});
