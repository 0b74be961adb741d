import type { Dataset, DatasetClass } from './library.ts';

/** The classes with a usable image: those that a run on the dataset has. */
export function usedClasses({ classes }: Pick<Dataset, 'classes'>): readonly DatasetClass[] {
  return classes.filter(({ train, val, test }) => train + val + test > 0);
}
