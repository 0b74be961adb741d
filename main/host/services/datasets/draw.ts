import type { SplitDraw } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';

/** Parameters of a split. */
export type Draw = Omit<SplitDraw, 'redrawGiven'>;

const PURPOSE = { val: 'validation', test: 'testing' } as const;

/** @throws usage for fractions that leave nothing to train on, or a seed that is not an integer */
export function checkDraw(draw: Draw): Draw {
  for (const split of ['val', 'test'] as const) {
    const value = draw[split];
    if (!Number.isFinite(value) || value < 0 || value >= 1)
      throw new KarstError(
        'usage',
        `The fraction of images held out for ${PURPOSE[split]} is ${value}; it goes from 0 to below 1.`,
        { hint: 'For a fifth of the images give 0.2.' },
      );
  }
  if (draw.val + draw.test >= 1)
    throw new KarstError(
      'usage',
      `Holding out ${draw.val} for validation and ${draw.test} for testing leaves nothing to train on.`,
      { hint: 'Choose fractions whose sum is below 1.' },
    );
  if (!Number.isSafeInteger(draw.seed))
    throw new KarstError('usage', `The seed is ${draw.seed}; it is a whole number.`, {
      hint: 'Any will do, for example 1.',
    });
  return draw;
}
