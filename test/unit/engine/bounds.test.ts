import { describe, expect, it } from 'vitest';
import { requireClose } from '../../../main/engine/merge/bounds.ts';
import type { KarstError } from '../../../shared/domain/errors.ts';
import type { Verification } from '../../../shared/domain/metrics.ts';

const CLOSE: Verification = { images: 200, maxAbsDiff: 1e-5, tolerance: 1e-4, top1Agreement: 1 };
const JOB = { out: '/models/leaves', acceptLoss: false };

function refusal(verification: Verification, acceptLoss = false): string | null {
  try {
    requireClose({ ...JOB, acceptLoss }, verification);
    return null;
  } catch (error) {
    return (error as KarstError).code;
  }
}

describe('the bounds of a written model', () => {
  it('hold up to the tolerance, and never for what is not a number', () => {
    expect(refusal(CLOSE)).toBeNull();
    expect(refusal({ ...CLOSE, maxAbsDiff: 1e-4 })).toBeNull();
    expect(refusal({ ...CLOSE, maxAbsDiff: 1.1e-4 })).toBe('verification-failed');
    expect(refusal({ ...CLOSE, maxAbsDiff: Infinity })).toBe('verification-failed');
    expect(refusal({ ...CLOSE, maxAbsDiff: NaN })).toBe('verification-failed');
    expect(refusal({ ...CLOSE, images: 0 })).toBe('dataset-unusable');
  });

  it('name what was compared', () => {
    const far = { ...CLOSE, maxAbsDiff: 1 };
    expect(() => requireClose(JOB, far)).toThrow(/logits differ/);
    expect(() => requireClose(JOB, { ...far, of: 'probabilities' })).toThrow(
      /probabilities differ/,
    );
  });

  it('let one point of accuracy go, and ask about more', () => {
    const with8Bits = (exported: number): Verification => ({
      ...{ ...CLOSE, of: 'probabilities', tolerance: 1, accuracy: { adapted: 0.9, exported } },
    });
    for (const exported of [0.95, 0.9, 0.895]) expect(refusal(with8Bits(exported))).toBeNull();
    expect(refusal(with8Bits(0.885))).toBe('accuracy-loss');
    expect(refusal(with8Bits(0.885), true)).toBeNull();
    expect(() => requireClose(JOB, with8Bits(0.885))).toThrow(/88\.5 % of 200 images .* 90\.0 %/);
  });
});
