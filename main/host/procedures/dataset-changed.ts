import type { Dataset } from '../../../shared/domain/library.ts';
import type { Emit } from '../events.ts';

/** Tells windows that a dataset has changed; projects show when theirs last did. */
export function datasetChanged(emit: Emit): (dataset: Dataset) => Dataset {
  return (dataset) => {
    emit('library', { part: 'datasets', id: dataset.id });
    emit('library', { part: 'projects', id: null });
    return dataset;
  };
}
