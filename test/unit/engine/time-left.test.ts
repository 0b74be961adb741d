import { expect, it } from 'vitest';
import { TimeLeft } from '../../../main/engine/train/time-left.ts';

it('counts updates and validations that are left, without the update that compiles', () => {
  const left = new TimeLeft({ epochs: 5, updates: 50, validateEvery: 2 });
  expect(left.compiles).toBe(true);
  left.updated(100);
  expect(left.compiles).toBe(false);
  expect(left.seconds({ step: 1, epoch: 0 })).toBeNull();
  left.updated(2);
  expect(left.seconds({ step: 2, epoch: 0 })).toBe(48 * 2);
  left.validated(10);
  // After epochs 2, 4 and 5.
  expect(left.seconds({ step: 2, epoch: 1 })).toBe(48 * 2 + 3 * 10);
  expect(left.seconds({ step: 20, epoch: 2 })).toBe(30 * 2 + 2 * 10);
});
