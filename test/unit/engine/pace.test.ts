import { expect, it } from 'vitest';
import { Pace } from '../../../main/engine/train/pace.ts';

it('is the mean of what was measured, by amount', () => {
  const pace = new Pace();
  expect(pace.secondsPerUnit).toBeNull();
  pace.add(2, 4);
  expect(pace.secondsPerUnit).toBe(0.5);
  pace.add(1, 8);
  expect(pace.secondsPerUnit).toBeCloseTo(3 / 12, 2);
});

it('hardly moves while something else loads the machine for a moment', () => {
  const pace = new Pace();
  for (let i = 0; i < 600; i++) pace.add(1);
  for (let i = 0; i < 15; i++) pace.add(2);
  const loaded = pace.secondsPerUnit!;
  expect(loaded).toBeGreaterThan(1);
  expect(loaded).toBeLessThan(1.1);
});

it('follows a change that lasts', () => {
  const pace = new Pace();
  for (let i = 0; i < 600; i++) pace.add(1);
  for (let i = 0; i < 600; i++) pace.add(2);
  expect(pace.secondsPerUnit).toBeGreaterThan(1.9);
});
