import { group, type NoOptions } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';

/** LN-tune (arXiv 2304.01917): the weights and biases of every layer norm. */
export const lntune: MethodSpec<'lntune', NoOptions> = {
  name: 'lntune',
  title: 'LN-tune',
  paper: '2304.01917',
  scope: 'adapter',
  merges: true,
  families: null,
  options: group<NoOptions>({}),
  added: () => [],
  trainsInPlace: ({ role }) => role === 'norm' || role === 'norm-bias',
  noise: [],
  presets: {},
};
