import { describe, expect, it } from 'vitest';
import { STRONGEST } from '../../../renderer/views/evaluation/confusion.ts';
import { light, THEMES } from './tokens.ts';

/** Relative luminance as defined by WCAG 2.1; `contrast` is its contrast ratio. */
function luminance(colour: string): number {
  const [red, green, blue] = light(colour);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (lighter + 0.05) / (darker + 0.05);
}

const GROUNDS = ['canvas', 'surface', 'raised', 'sunken', 'hover'];
/** Text and background pairs that require a contrast of 4.5 to 1. */
const TEXT: [string, string][] = [
  ...['text', 'text-muted', 'text-faint', 'accent-text'].flatMap((text) =>
    GROUNDS.map((ground): [string, string] => [text, ground]),
  ),
  ['text', 'selected'],
  ['text-muted', 'selected'],
  ['accent-text', 'selected'],
  ['accent-text', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-danger', 'danger'],
  ['on-danger', 'danger-hover'],
  ...['running', 'done', 'warning', 'failed', 'waiting'].flatMap((state): [string, string][] => [
    [state, `${state}-soft`],
    [state, 'canvas'],
    [state, 'surface'],
    [state, 'raised'],
    ['text', `${state}-soft`],
    ['text-muted', `${state}-soft`],
  ]),
  ['chart-axis', 'surface'],
  ['chart-axis', 'canvas'],
];
/** Control borders, marks and chart lines, which require a contrast of 3 to 1. */
const GRAPHICS: [string, string][] = [
  ['line-control', 'surface'],
  ['line-control', 'canvas'],
  ['focus', 'canvas'],
  ['focus', 'surface'],
  ['accent', 'surface'],
  ['accent', 'canvas'],
  ...Array.from({ length: 10 }, (_, index): [string, string][] => [
    [`series-${index + 1}`, 'surface'],
    [`series-${index + 1}`, 'canvas'],
  ]).flat(),
];

describe.each(Object.entries(THEMES))('the %s theme', (_name, tokens) => {
  const colour = (name: string): string => {
    const value = tokens.get(name);
    if (value === undefined) throw new Error(`No colour --${name}`);
    return value;
  };

  it.each(TEXT)('can be read: %s on %s', (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['accent', 'failed'])('can be read: figures on the strongest tint of %s', (tint) => {
    const channels = (name: string): number[] =>
      [1, 3, 5].map((at) => Number.parseInt(colour(name).slice(at, at + 2), 16));
    const under = channels('sunken');
    const mixed = channels(tint).map((over, i) =>
      Math.round(STRONGEST * over + (1 - STRONGEST) * (under[i] ?? 0)),
    );
    const ground = `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
    expect(contrast(colour('text'), ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(GRAPHICS)('can be seen: %s on %s', (mark, ground) => {
    expect(contrast(colour(mark), colour(ground))).toBeGreaterThanOrEqual(3);
  });
});

it('computes contrast as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

it('has the same colours in both themes', () => {
  expect([...THEMES.dark.keys()].sort()).toEqual([...THEMES.light.keys()].sort());
});
