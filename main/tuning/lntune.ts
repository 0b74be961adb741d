import { lntune as spec } from '../../shared/methods/lntune.ts';
import { unchanged } from './unchanged.ts';

/** LN-tune: trains the norms in place; the network's computation is unchanged. */
export const lntune = unchanged(spec);
