import type { Dataset, DatasetClass } from './library.ts';

/** The class with a label. Labels of a dataset may have gaps; its classes are in their order. */
export function classWithLabel(
  { classes }: Pick<Dataset, 'classes'>,
  label: number,
): DatasetClass | undefined {
  const at = classes[label];
  return at?.index === label ? at : classes.find(({ index }) => index === label);
}

/** Its name; empty when there is no such class any more. */
export function classNameOf(dataset: Pick<Dataset, 'classes'>, label: number): string {
  return classWithLabel(dataset, label)?.name ?? '';
}

/** The classes with a usable image that are not left out: those that a run on the dataset has. */
export function usedClasses({ classes }: Pick<Dataset, 'classes'>): readonly DatasetClass[] {
  return classes.filter((one) => one.train + one.val + one.test > 0);
}
