import { describe, expect, test } from 'vitest';
import {
  bfloat16ToFloat32,
  halfToFloat32,
  toBfloat16,
  toHalf,
} from '../../../main/formats/float16.ts';

const ALL_BITS = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

function half(...values: number[]): number[] {
  const out = new Uint16Array(values.length);
  toHalf(Float64Array.from(values), out);
  return [...out];
}

function brain(...values: number[]): number[] {
  const out = new Uint16Array(values.length);
  toBfloat16(Float64Array.from(values), out);
  return [...out];
}

/** Checks the midpoints between all neighbouring values of a format, which must round to even. */
function checkMidpoints(
  values: Float32Array,
  narrow: (values: Float64Array, out: Uint16Array) => void,
  largest: number,
): void {
  const input: number[] = [];
  const expected: number[] = [];
  for (let bits = 0; bits < largest; bits++) {
    const a = values[bits]!;
    const b = values[bits + 1]!;
    const middle = a + (b - a) / 2;
    const even = bits % 2 === 0 ? bits : bits + 1;
    input.push(middle, middle - (b - a) / 1e6, middle + (b - a) / 1e6, -middle);
    expected.push(even, bits, bits + 1, even | 0x8000);
  }
  const out = new Uint16Array(input.length);
  narrow(Float64Array.from(input), out);
  expect(out).toEqual(Uint16Array.from(expected));
}

describe('half precision', () => {
  test('every bit pattern survives widening and narrowing', () => {
    const wide = new Float32Array(65536);
    halfToFloat32(ALL_BITS, wide);
    const back = new Uint16Array(65536);
    toHalf(wide, back);
    for (let bits = 0; bits < 65536; bits++) {
      if (Number.isNaN(wide[bits])) expect(back[bits]! & 0x7fff).toBeGreaterThan(0x7c00);
      else if (back[bits] !== bits) throw new Error(`${bits} became ${back[bits]}`);
    }
    expect([wide[0x3c00], wide[0xc000], wide[0x7bff], wide[1], wide[0x0400]]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
    ]);
  });

  test('rounds to nearest, ties to even', () => {
    const values = new Float32Array(65536);
    halfToFloat32(ALL_BITS, values);
    checkMidpoints(values, toHalf, 0x7bff);
  });

  test('rounds a float64 once, not by way of float32', () => {
    // Just above the tie between 1 and 1 + 2^-10: rounding to float32 first would give the tie and
    // round to 1.
    expect(half(1 + 2 ** -11 + 2 ** -40)).toEqual([0x3c01]);
  });

  test('overflow, infinities, NaN and signed zero', () => {
    expect(
      half(65519.99, 65520, -70000, 1e300, Infinity, -Infinity, 0, -0, 1e-300, -1e-12),
    ).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7c00, 0xfc00, 0, 0x8000, 0, 0x8000]);
    expect(half(NaN)[0]! & 0x7fff).toBeGreaterThan(0x7c00);
  });
});

describe('bfloat16', () => {
  test('every bit pattern survives widening and narrowing, from float32 and float64', () => {
    const wide = new Float32Array(65536);
    bfloat16ToFloat32(ALL_BITS, wide);
    for (const values of [wide, Float64Array.from(wide)]) {
      const back = new Uint16Array(65536);
      toBfloat16(values, back);
      for (let bits = 0; bits < 65536; bits++) {
        if (Number.isNaN(wide[bits])) expect(back[bits]! & 0x7fff).toBeGreaterThan(0x7f80);
        else if (back[bits] !== bits) throw new Error(`${bits} became ${back[bits]}`);
      }
    }
  });

  test('rounds to nearest, ties to even', () => {
    const values = new Float32Array(65536);
    bfloat16ToFloat32(ALL_BITS, values);
    checkMidpoints(values, toBfloat16, 0x7f7f);
  });

  test('float32 and float64 paths agree', () => {
    const values = Float32Array.from(
      { length: 20000 },
      (_, i) => Math.sin(i * 12.9898) * 10 ** ((i % 70) - 35),
    );
    const single = new Uint16Array(values.length);
    const double = new Uint16Array(values.length);
    toBfloat16(values, single);
    toBfloat16(Float64Array.from(values), double);
    expect(single).toEqual(double);
    expect(brain(3.4e38, 3.402823669209385e38, -1e300)).toEqual([0x7f80, 0x7f80, 0xff80]);
  });
});
