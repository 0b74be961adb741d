// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import {
  clipMiddle,
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatImagesPerSecond,
  formatLoss,
  formatParameters,
  formatPercent,
  formatSignificant,
  formatTimeLeft,
} from '../../../../renderer/domain/format.ts';
import { setLocale } from '../../../../renderer/i18n.ts';

beforeEach(() => {
  setLocale('en');
});

describe('long texts', () => {
  it('lose their middle, and no more than that', () => {
    expect(clipMiddle('a/b.png', 7)).toBe('a/b.png');
    expect(clipMiddle('pictures/of/the/coast/b.png', 11)).toBe('pictu…b.png');
    expect(clipMiddle('😀😀😀😀😀', 4)).toBe('😀…😀😀');
  });
});

describe('figures', () => {
  it('writes shares with one digit after the point', () => {
    expect(formatPercent(0.9138)).toBe('91.4 %');
    expect(formatPercent(0)).toBe('0.0 %');
    expect(formatPercent(1)).toBe('100.0 %');
    expect(formatPercent(0.5, 0)).toBe('50 %');
    expect(formatPercent(null)).toBe('–');
  });

  it('never rounds what is not quite all up to all', () => {
    expect(formatPercent(0.99999)).toBe('99.9 %');
    expect(formatPercent(0.9999, 0)).toBe('99 %');
  });

  it('writes losses with three digits, small ones with two that count', () => {
    expect(formatLoss(0.41234)).toBe('0.412');
    expect(formatLoss(2.3)).toBe('2.300');
    expect(formatLoss(0.00423)).toBe('0.0042');
    expect(formatLoss(0)).toBe('0.000');
    expect(formatLoss(null)).toBe('–');
  });

  it('writes very small figures with an exponent', () => {
    expect(formatSignificant(2.5e-7)).toBe('2.5e-7');
    expect(formatSignificant(1e-8)).toBe('1e-8');
    expect(formatSignificant(0.001)).toBe('0.001');
    expect(formatSignificant(0)).toBe('0');
  });

  it('counts parameters with three digits that count', () => {
    expect(formatParameters(930)).toBe('930');
    expect(formatParameters(302_345)).toBe('302 k');
    expect(formatParameters(1_199_872)).toBe('1.20 M');
    expect(formatParameters(86_567_656)).toBe('86.6 M');
    expect(formatParameters(999_600)).toBe('1.00 M');
    expect(formatParameters(1.2e9)).toBe('1.20 G');
  });

  it('writes sizes in decimal units', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(4_800_000)).toBe('4.8 MB');
    expect(formatBytes(139_000_000)).toBe('139 MB');
    expect(formatBytes(23_400_000_000)).toBe('23.4 GB');
    expect(formatBytes(999_999)).toBe('1.0 MB');
  });

  it('groups thousands', () => {
    expect(formatCount(12_480)).toBe('12,480');
    expect(formatImagesPerSecond(12.34)).toBe('12.3 images/s');
    expect(formatImagesPerSecond(1234.5)).toBe('1,235 images/s');
  });
});

describe('times', () => {
  it('writes durations with the two largest units', () => {
    expect(formatDuration(0.25)).toBe('250 ms');
    expect(formatDuration(4.26)).toBe('4.3 s');
    expect(formatDuration(45)).toBe('45 s');
    expect(formatDuration(200)).toBe('3 min 20 s');
    expect(formatDuration(180)).toBe('3 min');
    expect(formatDuration(7500)).toBe('2 h 5 min');
    expect(formatDuration(3599.7)).toBe('1 h');
    expect(formatDuration(273_600)).toBe('3 d 4 h');
    expect(formatDuration(null)).toBe('–');
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe('–');
  });

  it('says what is left more coarsely the longer it takes', () => {
    expect(formatTimeLeft(0.2)).toBe('1 s left');
    expect(formatTimeLeft(12.4)).toBe('12 s left');
    expect(formatTimeLeft(202)).toBe('3 min 20 s left');
    expect(formatTimeLeft(1234)).toBe('20 min 30 s left');
    expect(formatTimeLeft(4000)).toBe('1 h 7 min left');
    expect(formatTimeLeft(null)).toBe('');
  });

  it('says how long ago something was, and the date after a week', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    const before = (seconds: number) => new Date(now - seconds * 1000).toISOString();
    expect(formatAgo(before(5), now)).toBe('now');
    expect(formatAgo(before(180), now)).toBe('3 minutes ago');
    expect(formatAgo(before(7200), now)).toBe('2 hours ago');
    expect(formatAgo(before(86_400), now)).toBe('yesterday');
    expect(formatAgo(before(20 * 86_400), now)).toBe('2 Nov 2026');
  });
});

it('follows the language', () => {
  setLocale('zh-CN');
  expect(formatPercent(0.9138)).toBe('91.4%');
  expect(formatDuration(200)).toBe('3 分 20 秒');
  expect(formatTimeLeft(200)).toBe('剩余 3 分 20 秒');
  expect(formatImagesPerSecond(12.34)).toBe('12.3 张/秒');
});
