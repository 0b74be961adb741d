import type { NumberLimits } from '../../shared/fields/field.ts';

/** Limits of a split's fraction of all images. */
export const FRACTION_LIMITS: NumberLimits = { kind: 'number', min: 0, max: 0.9, whole: false };
export const USUAL_FRACTION = [0, 0.5] as const;
/** Limits of the split's seed. */
export const SEED_LIMITS: NumberLimits = {
  kind: 'number',
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  whole: true,
};
