import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { adapterProcedures as procedures } from '../../../shared/contract/window/adapters.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ProcedureContext } from './context.ts';
import { fileBelow } from '../services/datasets/file-name.ts';

type Names = Extract<keyof typeof procedures, `evaluations.${string}`>;

export function evaluationProcedures({
  studio: { adapters, evaluations, datasets, home, readOnly },
  tasks,
  emit,
}: ProcedureContext): Handlers<Names> {
  return {
    'evaluations.start'({ adapterId, datasetId, split }) {
      const adapter = adapters.get(adapterId);
      const dataset = datasets.get(datasetId);
      if (readOnly)
        throw new KarstError(
          'not-writable',
          `The home ${home} is read-only: the evaluation could not be stored.`,
          { hint: 'Use `karst evaluate`, which prints it, or make the home writable.', path: home },
        );
      return tasks.start('evaluate', adapter.name, async ({ signal, host, engine }) => {
        const { stored } = await evaluations.evaluate(adapter.id, {
          dataset: dataset.id,
          split,
          signal,
          onProgress: host,
          onEvent: engine,
        });
        emit('library', { part: 'evaluations', id: stored.id });
        emit('library', { part: 'adapters', id: adapter.id });
        return { kind: 'evaluation', evaluationId: stored.id };
      });
    },
    'evaluations.list': ({ adapterId }) =>
      (adapterId === null ? evaluations.list() : evaluations.of(adapterId)).toReversed(),
    'evaluations.count': ({ datasetId, split }) => evaluations.count(datasetId, split),
    'evaluations.get': ({ id }) => evaluations.get(id),
    'evaluations.corrected': ({ id }) => evaluations.corrected(id),
    'evaluations.images'({ id, offset, limit, ...filter }) {
      const { datasetId } = evaluations.get(id);
      const sources = datasets.sources(datasetId);
      const { total, images } = evaluations.images(id, filter, { offset, limit });
      return {
        total,
        images: images.map(({ position, path, ...judged }) => ({
          media: `d.${datasetId}.${position}`,
          file: fileBelow(sources, path),
          ...judged,
        })),
      };
    },
  };
}
