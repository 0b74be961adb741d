import { measureLibrary } from './growth-library.ts';
import type { Section } from './table.ts';

/** How the studio grows, part by part; the first word of a name is that of the whole. */
export const GROWTH: Readonly<Record<string, (say: (line: string) => void) => Promise<Section>>> = {
  'growth-library': measureLibrary,
};
