import { group } from '../fields/group.ts';

/** The head alone, on the features of the frozen backbone. */
export const linear = { name: 'linear', options: group({}) } as const;
