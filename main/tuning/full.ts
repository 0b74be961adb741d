import { full as spec } from '../../shared/methods/full.ts';
import { unchanged } from './unchanged.ts';

/** Every tensor is trained where it is; the network computes as before. */
export const full = unchanged(spec);
