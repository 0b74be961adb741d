import { group, type NoOptions } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';

/** Every weight of the backbone. */
export const full: MethodSpec<'full', NoOptions> = {
  name: 'full',
  title: 'full fine-tuning',
  paper: null,
  scope: 'model',
  merges: true,
  families: null,
  options: group<NoOptions>({}),
  added: () => [],
  trainsInPlace: () => true,
  noise: [],
  presets: {},
};
