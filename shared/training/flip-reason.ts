import type { Method } from '../methods/registry.ts';
import { flipObjection, type FlipObjection } from './flip-rule.ts';
import { defaultOf, SETTINGS } from './settings.ts';

/** Why flips are on or off: as someone set them, as measured for the method, or by class names. */
export type FlipReason = FlipObjection | 'set' | 'validation' | 'allowed';

/** @param classes names of the classes; empty where no dataset is chosen */
export function flipReason(
  { method, flip }: { readonly method: Method; readonly flip: boolean },
  classes: readonly string[],
): FlipReason {
  const objection = flipObjection(classes);
  const context = { method, mayFlip: objection === null, backbone: null };
  const usual = defaultOf(SETTINGS['augmentation.flip'], context);
  if (flip !== usual) return 'set';
  if (flip) return 'allowed';
  return objection ?? 'validation';
}

/** English for the command line and the window, after "On" or "Off". */
export const FLIP_REASONS: Readonly<Record<FlipReason, string>> = {
  digits: 'class names are digits',
  letters: 'class names are letters',
  sides: 'class names say left, right or the like',
  set: 'as set',
  validation: 'chosen on validation',
  allowed: 'chosen on validation',
};
