import { group, type NoOptions } from '../fields/group.ts';
import type { MethodSpec } from './method.ts';

/** BitFit (arXiv 2106.10199): every bias that the backbone has, those of its norms included. */
export const bitfit: MethodSpec<'bitfit', NoOptions> = {
  name: 'bitfit',
  title: 'BitFit',
  paper: '2106.10199',
  scope: 'adapter',
  merges: true,
  families: null,
  options: group<NoOptions>({}),
  added: () => [],
  trainsInPlace: ({ role }) => role === 'bias' || role === 'norm-bias',
  noise: [],
  presets: {},
};
