import { group, type NoOptions } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';

/** The head alone, on the features of the frozen backbone. */
export const linear: MethodSpec<'linear', NoOptions> = {
  name: 'linear',
  title: 'linear probe',
  paper: null,
  scope: 'head',
  merges: true,
  families: null,
  options: group<NoOptions>({}),
  added: () => [],
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
