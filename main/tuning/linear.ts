import { linear as spec } from '../../shared/methods/linear.ts';
import { unchanged } from './unchanged.ts';

/** The head alone: the network stays as it is. */
export const linear = unchanged(spec);
