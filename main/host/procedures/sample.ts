import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { TaskResult } from '../../../shared/contract/window/tasks.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Backbone, Dataset } from '../../../shared/domain/library.ts';
import type { ProcedureContext } from './context.ts';
import type { TaskWork } from '../tasks/task-board.ts';
import {
  hasSample,
  SAMPLE_ARCHIVE,
  SAMPLE_CONFIG,
  SAMPLE_NAME,
  SAMPLE_VALIDATION,
  unpackedSample,
} from '../services/sample.ts';

/**
 * One click to a first adapter: imports the digits, creates a project and starts a run on the
 * starter.
 */
export function sampleProcedures(context: ProcedureContext): Handlers<'sample.start'> {
  return {
    'sample.start'() {
      if (!hasSample())
        throw new KarstError('not-found', 'The sample is not part of this installation.', {
          hint: 'Import a folder of your own images.',
          path: SAMPLE_ARCHIVE,
        });
      const backbone = starterOf(context);
      return context.tasks.start('sample', SAMPLE_NAME, (task) => begin(context, backbone, task));
    },
  };
}

async function begin(
  { studio, emit }: ProcedureContext,
  backbone: Backbone,
  task: TaskWork,
): Promise<TaskResult> {
  const dataset = await sampleDataset({ studio, emit }, task);
  task.signal.throwIfAborted();
  const project = sampleProject({ studio, emit }, dataset, backbone);
  const run = await studio.runs.create({
    backbone: backbone.id,
    dataset: dataset.id,
    project: project.id,
    config: SAMPLE_CONFIG,
  });
  studio.scheduler.enter(run.id);
  return { kind: 'sample', projectId: project.id, runId: run.id };
}

function starterOf({ studio }: ProcedureContext): Backbone {
  const starter = studio.backbones.list().find((backbone) => studio.backbones.isStarter(backbone));
  if (starter !== undefined) return starter;
  throw new KarstError('not-found', 'The starter backbone is not part of this installation.', {
    hint: 'Add a backbone of your own, import the images of the sample, and train.',
  });
}

/** The sample's dataset, imported if it is not in the library. */
async function sampleDataset(
  { studio, emit }: Pick<ProcedureContext, 'studio' | 'emit'>,
  task: TaskWork,
): Promise<Dataset> {
  const datasets = studio.datasets.list();
  const folder = await unpackedSample(studio.home);
  const there = datasets.find(({ path }) => path === folder);
  if (there !== undefined) return there;
  const { dataset } = await studio.datasets.add(folder, {
    name: freeName(SAMPLE_NAME, datasets),
    val: SAMPLE_VALIDATION,
    seed: 0,
    signal: task.signal,
    onProgress: task.host,
  });
  emit('library', { part: 'datasets', id: dataset.id });
  return dataset;
}

/** The project that has the sample, or a new one. */
function sampleProject(
  { studio, emit }: Pick<ProcedureContext, 'studio' | 'emit'>,
  dataset: Dataset,
  backbone: Backbone,
): { readonly id: string } {
  const projects = studio.projects.list();
  const there = projects.find(
    ({ archived, name, datasetIds }) =>
      !archived && name.startsWith(SAMPLE_NAME) && datasetIds.includes(dataset.id),
  );
  if (there !== undefined) return there;
  const { id } = studio.projects.create(freeName(SAMPLE_NAME, projects));
  studio.projects.attachDataset(id, dataset.id);
  studio.projects.update(id, { backboneId: backbone.id });
  emit('library', { part: 'projects', id });
  return { id };
}

/** `base`, or `base 2` and so on if it is taken. */
function freeName(base: string, taken: readonly { readonly name: string }[]): string {
  const names = new Set(taken.map(({ name }) => name));
  let name = base;
  for (let n = 2; names.has(name); n++) name = `${base} ${n}`;
  return name;
}
