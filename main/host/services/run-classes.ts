import { KarstError } from '../../../shared/domain/errors.ts';
import type { Dataset } from '../../../shared/domain/library.ts';
import { usedClasses } from '../../../shared/domain/dataset-classes.ts';

/**
 * The classes of a run: those of the dataset with a usable image that are not left out, with contiguous
 * indices.
 * @returns their names and, by their labels in the dataset, their indices
 */
export function runClasses(dataset: Dataset): { names: string[]; labels: Map<number, number> } {
  const used = usedClasses(dataset);
  if (dataset.counts.train === 0)
    throw new KarstError(
      'dataset-unusable',
      `The dataset "${dataset.name}" has no training image that can be used.`,
      {
        hint: 'Look at its problems with `karst dataset show`, or import it again.',
      },
    );
  if (used.length < 2)
    throw new KarstError(
      'dataset-unusable',
      `The dataset "${dataset.name}" has ${used.length} class with images; classification needs two.`,
      { hint: 'Import a folder with one subfolder per class.' },
    );
  return {
    names: used.map((c) => c.name),
    labels: new Map(used.map((c, i) => [c.index, i])),
  };
}
