import type { Handlers } from '../../../shared/contract/studio.ts';
import type { runProcedures as procedures } from '../../../shared/contract/studio/runs.ts';
import type { DeskContext } from './context.ts';

type Names = keyof typeof procedures;

/** Runs: planned, queued, followed, steered. */
export function runProcedures({ studio, queue, tasks }: DeskContext): Handlers<Names> {
  return {
    'runs.list': () => queue.list(),
    'runs.get': ({ id }) => queue.view(id),
    'runs.plan': ({ backboneId, datasetId, config }) =>
      studio.plans.plan({ backbone: backboneId, dataset: datasetId, config }),
    'runs.measure'({ backboneId, datasetId, config }) {
      const { name } = studio.backbones.get(backboneId);
      return tasks.start('measure', name, async (work) => {
        const { secondsPerStep, startSeconds, peakBytes } = await studio.plans.measure(
          { backbone: backboneId, dataset: datasetId, config },
          {
            signal: work.signal,
            onProgress: (progress) => work.host(progress),
            onEvent: (event) => work.engine(event),
          },
        );
        return { kind: 'measured', secondsPerStep, startSeconds, peakBytes };
      });
    },
    'runs.create': ({ backboneId, datasetId, config, projectId, name }) =>
      queue.create({
        backbone: backboneId,
        dataset: datasetId,
        config,
        ...(projectId === null ? {} : { project: projectId }),
        ...(name === null ? {} : { name }),
      }),
    'runs.rename': ({ id, name }) => queue.rename(id, name),
    'runs.note': ({ id, notes }) => queue.note(id, notes),
    async 'runs.remove'({ id }) {
      await queue.remove(id);
      return {};
    },
    'runs.pause': ({ id }) => queue.pause(id),
    'runs.resume': ({ id }) => queue.resume(id),
    'runs.stop': ({ id }) => queue.stop(id),
    'runs.move': ({ id, before }) => queue.move(id, before),
    'runs.extend': ({ id, epochs }) => queue.extend(id, epochs),
    'runs.metrics': ({ id, afterStep, limit }) => queue.metrics(id, afterStep, limit),
    'runs.samples': ({ id }) => queue.samples(id),
    'runs.log': ({ id }) => queue.log(id),
  };
}
