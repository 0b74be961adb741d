import { beforeEach, describe, expect, it } from 'vitest';
import {
  faultText,
  fieldText,
  readNumber,
  steppedNumber,
  unusualText,
} from '../../../../renderer/domain/number-text.ts';
import { i18n } from '../../../../renderer/i18n.ts';
import type { NumberLimits } from '../../../../shared/fields/field.ts';
import { SETTING_KEYS, SETTINGS } from '../../../../shared/training/settings.ts';

const RATE: NumberLimits = { kind: 'number', min: 0, max: 10, whole: false, minExcluded: true };
const BETA: NumberLimits = { kind: 'number', min: 0, max: 1, whole: false, maxExcluded: true };
const SECONDS: NumberLimits = { kind: 'number', min: -1e9, max: 1e9, whole: false };
const EPOCHS: NumberLimits = { kind: 'number', min: 1, max: 100_000, whole: true };
const SEED: NumberLimits = { kind: 'number', min: 0, max: Number.MAX_SAFE_INTEGER, whole: true };
const FACTOR: NumberLimits = {
  kind: 'number',
  min: 1,
  max: 4096,
  whole: true,
  special: { value: -1, meaning: 'any' },
};

beforeEach(() => (i18n.global.locale.value = 'en'));

describe('readNumber', () => {
  it.each<[string, NumberLimits, number]>([
    ['1e-3', RATE, 0.001],
    ['1E-3', RATE, 0.001],
    ['5e-4', RATE, 0.0005],
    ['1.5e-3', RATE, 0.0015],
    ['1,5e-3', RATE, 0.0015],
    ['1e+0', RATE, 1],
    ['1e-8', RATE, 1e-8],
    ['0.002', RATE, 0.002],
    ['0,002', RATE, 0.002],
    [',002', RATE, 0.002],
    ['.002', RATE, 0.002],
    ['2.', RATE, 2],
    ['1.000', RATE, 1],
    ['  0.01\t', RATE, 0.01],
    ['0.01\n', RATE, 0.01],
    ['0.01\u00a0', RATE, 0.01],
    ['+0.5', RATE, 0.5],
    ['０．００２', RATE, 0.002],
    ['１ｅ－３', RATE, 0.001],
    ['０，００２', RATE, 0.002],
    ['-5', SECONDS, -5],
    ['−5', SECONDS, -5],
    ['- 5', SECONDS, -5],
    ['12 500,5', SECONDS, 12_500.5],
    ['-0', SECONDS, 0],
    ['20', EPOCHS, 20],
    ['020', EPOCHS, 20],
    ['1000', EPOCHS, 1000],
    ['1 000', EPOCHS, 1000],
    ['100\u202f000', EPOCHS, 100_000],
    ['1e3', EPOCHS, 1000],
    ['1.5e3', EPOCHS, 1500],
    ['1.0', EPOCHS, 1],
    ['1,00', EPOCHS, 1],
    ['3.0000', EPOCHS, 3],
    ['２０', EPOCHS, 20],
    ['9007199254740991', SEED, Number.MAX_SAFE_INTEGER],
    ['-1', FACTOR, -1],
    ['0.999', BETA, 0.999],
  ])('takes %j', (text, limits, value) => {
    const reading = readNumber(text, limits);
    expect(reading).toEqual({ value });
    expect(Object.is('value' in reading && reading.value, value)).toBe(true);
  });

  it.each<[string, NumberLimits, string]>([
    ['', RATE, 'Write a number.'],
    ['   ', RATE, 'Write a number.'],
    ['abc', EPOCHS, '“abc” is not a number.'],
    ['1e', RATE, '“1e” is not a number.'],
    ['1e-', RATE, '“1e-” is not a number.'],
    ['-', RATE, '“-” is not a number.'],
    ['.', RATE, '“.” is not a number.'],
    ['e-3', RATE, '“e-3” is not a number.'],
    ['1e-3e', RATE, '“1e-3e” is not a number.'],
    ['1e0.5', RATE, '“1e0.5” is not a number.'],
    ['12 5', EPOCHS, '“12 5” is not a number.'],
    ['1 0000', EPOCHS, '“1 0000” is not a number.'],
    ['0 002', EPOCHS, '“0 002” is not a number.'],
    ['20 epochs', EPOCHS, '“20 epochs” is not a number.'],
    ['20%', RATE, '“20%” is not a number.'],
    ['0x10', EPOCHS, '“0x10” is not a number.'],
    ['Infinity', SECONDS, '“Infinity” is not a number.'],
    ['NaN', SECONDS, '“NaN” is not a number.'],
    ['1,000', EPOCHS, 'Write 1000 or 1.0.'],
    ['1.000', EPOCHS, 'Write 1000 or 1.0.'],
    ['12.000', EPOCHS, 'Write 12000 or 12.0.'],
    ['-1,000', FACTOR, 'Write -1000 or -1.0.'],
    ['1,234', EPOCHS, 'Write 1234, without a mark.'],
    ['1.500', EPOCHS, 'Write 1500, without a mark.'],
    ['1,000,000', EPOCHS, 'Write 1000 or 1.0: no marks between thousands.'],
    ['1,000.5', SECONDS, 'Write 1000 or 1.0: no marks between thousands.'],
    ['1.000,5', RATE, 'Write 1000 or 1.0: no marks between thousands.'],
    ['0..2', RATE, 'Write 1000 or 1.0: no marks between thousands.'],
    ['2.5', EPOCHS, 'Must be a whole number.'],
    ['0,002', EPOCHS, 'Must be a whole number.'],
    ['1234.567', EPOCHS, 'Must be a whole number.'],
    ['1e-3', EPOCHS, 'Must be a whole number.'],
    ['1e-400', EPOCHS, 'Must be a whole number.'],
    ['0', EPOCHS, 'Must be between 1 and 100,000.'],
    ['-5', EPOCHS, 'Must be between 1 and 100,000.'],
    ['1000000', EPOCHS, 'Must be between 1 and 100,000.'],
    ['1e999', EPOCHS, 'Must be between 1 and 100,000.'],
    ['0', FACTOR, 'Must be between 1 and 4,096, or -1.'],
    ['0', RATE, 'Must be above 0, at most 10.'],
    ['1e-400', RATE, 'Must be above 0, at most 10.'],
    ['11', RATE, 'Must be above 0, at most 10.'],
    ['1', BETA, 'Must be at least 0 and below 1.'],
    ['9007199254740993', SEED, 'Must be between 0 and 9,007,199,254,740,991.'],
  ])('does not take %j', (text, limits, sentence) => {
    const reading = readNumber(text, limits);
    expect('fault' in reading && faultText(reading.fault, text, limits)).toBe(sentence);
  });

  it('takes what fields show', () => {
    for (const value of [1e-8, 1e-7, 0.001, 0.1, 123.456, 1e6, 9.99e20]) {
      expect(readNumber(fieldText(value), { ...SECONDS, max: 1e30 })).toEqual({ value });
    }
    for (const value of [1000, 100_000]) {
      expect(readNumber(fieldText(value), EPOCHS)).toEqual({ value });
    }
  });
});

describe('steppedNumber', () => {
  it.each<[number, number, number | 'tenth', NumberLimits, number]>([
    [20, 1, 1, EPOCHS, 21],
    [20, -1, 1, EPOCHS, 19],
    [1, -1, 1, EPOCHS, 1],
    [99_995, 10, 1, EPOCHS, 100_000],
    [5, -10, 1, EPOCHS, 1],
    [0.1, 1, 0.2, RATE, 0.3],
    [0.001, 1, 'tenth', RATE, 0.0011],
    [0.001, -1, 'tenth', RATE, 0.0009],
    [1e-8, -10, 'tenth', RATE, 1e-8],
    [0.9, 1, 0.1, BETA, 0.9],
    [1, -1, 1, FACTOR, -1],
    [-1, -1, 1, FACTOR, -1],
    [-1, 1, 1, FACTOR, 1],
  ])('from %d by %d steps of %s', (value, steps, by, limits, to) => {
    expect(steppedNumber(value, steps, by, limits)).toBe(to);
  });
});

describe('unusualText', () => {
  it('warns of what no one uses, in the language shown', () => {
    const { limits, usual } = SETTINGS['optimizer.learningRate'];
    const rate = limits as NumberLimits;
    expect(unusualText(0.02, rate, usual)).toBe('');
    expect(unusualText(0.021, rate, usual)).toBe('Usual values are 1e-6 to 0.02.');
    expect(unusualText(5, rate, undefined)).toBe('');
    i18n.global.locale.value = 'zh-CN';
    expect(unusualText(5, rate, usual)).toBe('常用值为 1e-6 到 0.02。');
  });

  it('finds every default usual, and nothing usual that is not allowed', () => {
    for (const key of SETTING_KEYS) {
      const { limits, usual, default: value } = SETTINGS[key];
      if (usual === undefined) continue;
      if (limits.kind !== 'number' || typeof value !== 'number') throw new Error(key);
      expect(unusualText(value, limits, usual), key).toBe('');
      expect(usual[0], key).toBeGreaterThanOrEqual(limits.min);
      expect(usual[1], key).toBeLessThanOrEqual(limits.max);
    }
  });
});
