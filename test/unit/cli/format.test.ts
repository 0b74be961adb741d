import { describe, expect, it } from 'vitest';
import { counted } from '../../../shared/domain/counted.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEpochs,
  formatMoment,
  formatNumber,
  formatParameters,
  formatPercent,
} from '../../../main/cli/output/format.ts';

describe('numbers for people', () => {
  it.each([
    [0.9137, '91.4 %'],
    [0, '0.0 %'],
    [1, '100.0 %'],
    [Number.NaN, '–'],
  ])('writes the fraction %d as %s', (value, text) => expect(formatPercent(value)).toBe(text));

  it.each([
    [0.4119, '0.412'],
    [2.30259, '2.30'],
    [12.345, '12.3'],
    [184.4, '184'],
    [99.96, '100'],
    [999.6, '1000'],
    [0, '0'],
    [-0.5, '-0.500'],
    [0.001, '0.00100'],
    [1.234e-7, '1.23e-7'],
    [3.2e9, '3.20e9'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('writes %d as %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([
    [7, '7'],
    [999, '999'],
    [1797, '1,797'],
    [1234567, '1,234,567'],
  ])('counts %d as %s', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [0, '0'],
    [650, '650'],
    [48_010, '48.0 k'],
    [301_056, '301 k'],
    [999_400, '999 k'],
    [999_600, '1.00 M'],
    [1_204_224, '1.20 M'],
    [85_798_656, '85.8 M'],
  ])('writes %d parameters as %s', (value, text) => expect(formatParameters(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [140, '140 B'],
    [1500, '1.5 kB'],
    [4_823_449, '4.8 MB'],
    [48_234_490, '48 MB'],
    [346_000_000, '346 MB'],
    [1_234_000_000, '1.2 GB'],
  ])('writes %d bytes as %s', (value, text) => expect(formatBytes(value)).toBe(text));

  it.each([
    [0.04, '0.0 s'],
    [0.84, '0.8 s'],
    [9.96, '10 s'],
    [42.3, '42 s'],
    [59.7, '1 min 00 s'],
    [200, '3 min 20 s'],
    [3599.8, '1 h 00 min'],
    [7500, '2 h 05 min'],
    [273_600, '3 d 04 h'],
    [-1, '0.0 s'],
  ])('writes %d seconds as %s', (value, text) => expect(formatDuration(value)).toBe(text));

  it('writes moments in local time and does not invent one', () => {
    expect(formatMoment(new Date(2026, 10, 2, 9, 5).getTime())).toBe('2026-11-02 09:05');
    expect(formatMoment('yesterday')).toBe('–');
  });

  it('writes whole epochs whole', () => {
    expect([0, 2, 2.3778].map(formatEpochs)).toEqual(['0', '2', '2.4']);
  });

  it('names one thing and many', () => {
    expect(counted(1, 'image')).toBe('1 image');
    expect(counted(1797, 'image')).toBe('1,797 images');
    expect(counted(0, 'class', 'classes')).toBe('0 classes');
  });
});
