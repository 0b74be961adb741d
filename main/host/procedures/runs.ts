import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { runProcedures as procedures } from '../../../shared/contract/window/runs.ts';
import type { ProcedureContext } from './context.ts';

type Names = keyof typeof procedures;

/** Planning, queueing, following and controlling runs. */
export function runProcedures({ studio, presenter, tasks }: ProcedureContext): Handlers<Names> {
  const { runs, scheduler } = studio;
  return {
    'runs.list': () => presenter.list(),
    'runs.get': ({ id }) => presenter.view(id),
    'runs.plan': ({ backboneId, datasetId, config }) =>
      studio.plans.plan({ backbone: backboneId, dataset: datasetId, config }),
    'runs.benchmark'({ backboneId, datasetId, config }) {
      const { name } = studio.backbones.get(backboneId);
      return tasks.start('benchmark', name, async (work) => {
        const { secondsPerStep, startSeconds, peakBytes } = await studio.plans.benchmark(
          { backbone: backboneId, dataset: datasetId, config },
          {
            signal: work.signal,
            onProgress: (progress) => work.host(progress),
            onEvent: (event) => work.engine(event),
          },
        );
        return { kind: 'benchmark', secondsPerStep, startSeconds, peakBytes };
      });
    },
    'runs.start': ({ adapterId, datasetId }) => runs.start(adapterId, datasetId ?? undefined),
    async 'runs.create'({ backboneId, datasetId, config, projectId, name, fromId }) {
      const { id } = await runs.create({
        backbone: backboneId,
        dataset: datasetId,
        config,
        ...(projectId === null ? {} : { project: projectId }),
        ...(name === null ? {} : { name }),
        ...(fromId === undefined ? {} : { from: fromId }),
      });
      return presenter.view(scheduler.enter(id).id);
    },
    'runs.rename': ({ id, name }) => presenter.tell(runs.rename(id, name).id),
    'runs.note': ({ id, notes }) => presenter.tell(runs.note(id, notes).id),
    async 'runs.remove'({ id }) {
      await presenter.remove(id);
      return {};
    },
    'runs.pause': ({ id }) => presenter.view(scheduler.pause(id).id),
    'runs.resume': ({ id }) => presenter.view(scheduler.resume(id).id),
    'runs.stop': ({ id }) => presenter.view(scheduler.stop(id).id),
    'runs.move'({ id, before }) {
      scheduler.move(id, before);
      return presenter.list();
    },
    'runs.extend': async ({ id, epochs }) =>
      presenter.view((await scheduler.extend(id, epochs)).id),
    'runs.metrics': ({ id, afterStep, limit }) => runs.metrics(id, afterStep, limit),
    'runs.samples': ({ id }) => presenter.samples(id),
    'runs.log': ({ id }) => runs.log(id),
  };
}
