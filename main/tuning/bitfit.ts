import { bitfit as spec } from '../../shared/methods/bitfit.ts';
import { unchanged } from './unchanged.ts';

/** BitFit: trains the biases in place; the network's computation is unchanged. */
export const bitfit = unchanged(spec);
