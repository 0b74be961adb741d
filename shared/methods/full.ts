import { group } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';

/** Every weight of the backbone. */
export const full: MethodSpec<'full', object> = {
  name: 'full',
  title: 'full fine-tuning',
  scope: 'model',
  options: group({}),
  added: () => [],
  trainsInPlace: () => true,
  noise: [],
};
