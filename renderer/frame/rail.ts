export type RailPlace =
  'projects' | 'data' | 'backbones' | 'train' | 'runs' | 'library' | 'tryIt' | 'settings';

/** Paths of the rail's entries, in order. */
export const RAIL: readonly { readonly place: RailPlace; readonly path: string }[] = [
  { place: 'projects', path: '/projects' },
  { place: 'data', path: '/data' },
  { place: 'backbones', path: '/backbones' },
  { place: 'train', path: '/train' },
  { place: 'runs', path: '/runs' },
  { place: 'library', path: '/library' },
  { place: 'tryIt', path: '/try' },
  { place: 'settings', path: '/settings' },
];
