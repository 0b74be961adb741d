import { linear as spec } from '../../shared/methods/linear.ts';
import { unchanged } from './unchanged.ts';

/** Linear probing: trains only the head; the network is unchanged. */
export const linear = unchanged(spec);
