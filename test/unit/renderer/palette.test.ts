import { describe, expect, it } from 'vitest';
import { light, THEMES, type Colour, type Tokens } from './tokens.ts';

type Matrix = readonly [Colour, Colour, Colour];

/**
 * Simulation of protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009,
 * severity 1).
 */
const EYES: Readonly<Record<string, Matrix>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function times(matrix: Matrix, [a, b, c]: Colour): Colour {
  return matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Colour;
}

/** Björn Ottosson's OKLab, a perceptually uniform colour space. */
function oklab(colour: Colour): Colour {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    colour,
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt) as unknown as Colour,
  );
}

function seen(eye: Matrix, hex: string): Colour {
  const colour = times(eye, light(hex)).map((channel) => Math.min(1, Math.max(0, channel)));
  return oklab(colour as unknown as Colour);
}

function seriesOf(tokens: Tokens): string[] {
  return Array.from({ length: 10 }, (_, index) => tokens.get(`series-${index + 1}`) ?? '');
}

describe.each(Object.entries(THEMES))('the colours of classes in the %s theme', (_name, tokens) => {
  it.each(Object.entries(EYES))('are told apart by %s', (_eye, matrix) => {
    const series = seriesOf(tokens).map((hex) => seen(matrix, hex));
    let nearest = Infinity;
    series.forEach((one, index) => {
      for (const other of series.slice(0, index)) {
        nearest = Math.min(nearest, Math.hypot(...one.map((value, axis) => value - other[axis]!)));
      }
    });
    // About four times the just noticeable difference of adjacent colours.
    expect(nearest).toBeGreaterThan(0.09);
  });
});
