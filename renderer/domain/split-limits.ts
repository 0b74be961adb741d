import type { NumberLimits } from '../../shared/fields/field.ts';

/** Of the fraction of all images that a split gets. */
export const FRACTION_LIMITS: NumberLimits = { kind: 'number', min: 0, max: 0.9, whole: false };
export const USUAL_FRACTION = [0, 0.5] as const;
/** Of the seed that the images are drawn by. */
export const SEED_LIMITS: NumberLimits = {
  kind: 'number',
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  whole: true,
};
