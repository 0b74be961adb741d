import type { AdviceKind, RemedyKind } from './run-advice.ts';

/** English for the command line and the window; translations are in the locales. */
export const ADVICE_WORDS: {
  readonly finding: Readonly<Record<AdviceKind, string>>;
  readonly remedy: Readonly<Record<RemedyKind, string>>;
} = {
  finding: {
    diverging:
      'The training loss is {loss}, above the {chance} of guessing: what was learned is lost again.',
    'no-learning':
      'After epoch {epochs}, validation is {validation}, no better than guessing among {classes} classes.',
    unstable:
      'Validation fell more than once, from {before} to {after} between two epochs: the updates are too large.',
    memorises: 'Training {training}, validation {validation}: it memorizes.',
    improving: 'Validation was still improving at the end, from {before} to {after}.',
    'few-validation':
      'Few images validate it, {images}: {validation} may stand for anything from {low} to {high}.',
    'early-best': 'The best epoch was {best} of {epochs}; those after it brought nothing.',
  },
  remedy: {
    rate: 'Try a learning rate of {rate}.',
    crop: 'Try random crops.',
    'crop-flip': 'Try random crops and horizontal flips.',
    flip: 'Try horizontal flips.',
    regularise: 'Try more weight decay; more images or a larger backbone help most.',
    extend: 'Give it more epochs: {more}.',
    'more-validation': 'Add images, or give more of them to validation.',
    'early-stopping': 'Early stopping with a patience of {patience} would have ended it sooner.',
  },
};
