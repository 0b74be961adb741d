import { group } from '../fields/group.ts';

/** Every weight of the backbone. */
export const full = { name: 'full', options: group({}) } as const;
