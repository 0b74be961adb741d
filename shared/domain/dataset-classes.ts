import type { ClassEvent } from './class-history.ts';
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

/** Its name; of a class that was merged since, the one it had then. */
export function lastNameOf(
  dataset: Pick<Dataset, 'classes'>,
  history: readonly ClassEvent[],
  label: number,
): string {
  const merge = history.findLast((event) => event.kind === 'merged' && event.label === label);
  return classWithLabel(dataset, label)?.name ?? merge?.formerName ?? '';
}

/** The classes with a usable image that are not left out: those that a run on the dataset has. */
export function usedClasses({ classes }: Pick<Dataset, 'classes'>): readonly DatasetClass[] {
  return classes.filter((one) => one.train + one.val + one.test > 0);
}
