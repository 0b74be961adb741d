import { full as spec } from '../../shared/methods/full.ts';
import { unchanged } from './unchanged.ts';

/** Full fine-tuning: trains all tensors in place; the network's computation is unchanged. */
export const full = unchanged(spec);
