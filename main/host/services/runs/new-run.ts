import { join } from 'node:path';
import { makeFolder } from '../../../formats/files.ts';
import type { BackboneReference } from '../../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { DatasetService } from '../../contract/datasets.ts';
import type { ProjectService } from '../../contract/projects.ts';
import type { NewRunOptions } from '../../contract/runs.ts';
import type { HomeFolders } from '../../home.ts';
import type { Library } from '../../store/library.ts';
import { checkName, freeName, newId, requireFreeName } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import type { AdapterRepository } from '../../store/adapters.ts';
import type { RunRepository } from '../../store/runs.ts';
import type { KnownClasses } from '../adapters/known-classes.ts';
import type { Backbones } from '../backbones/backbones.ts';
import { moveToBin } from '../paths.ts';
import { requireKernels } from '../planning/engine-kernels.ts';
import { runClasses } from '../run-classes.ts';
import { createRunFolder } from './run-folder.ts';
import { classRows, ownBackbone, requireStart, startingAdapter } from './run-start.ts';
import { validateTrainingConfig } from '../training-config.ts';

export interface NewRunContext {
  readonly library: Library;
  readonly runs: RunRepository;
  readonly folders: HomeFolders;
  readonly backbones: Backbones;
  readonly datasets: DatasetService;
  readonly projects: Pick<ProjectService, 'get'>;
  readonly adapters: Pick<AdapterRepository, 'get' | 'parent'>;
  readonly known: Pick<KnownClasses, 'rows'>;
}

/**
 * Creates a run with its folder and registers it. @returns its id @throws like `RunService.create`
 */
export async function createRun(c: NewRunContext, options: NewRunOptions): Promise<string> {
  c.library.requireWritable();
  requireKernels();
  const { library, runs, folders, backbones, datasets } = c;
  const start =
    options.from === undefined ? null : await startingAdapter(c.adapters.get(options.from));
  const given = options.backbone ?? (start === null ? null : ownBackbone(start));
  const backbone = typeof given === 'string' ? backbones.get(given) : null;
  const shape = typeof given === 'string' ? backbone : given;
  if (shape === null) throw new KarstError('usage', 'A run needs a backbone.', { hint: '' });
  const config = validateTrainingConfig(options.config, shape.architecture, backbone === null);
  const dataset = datasets.get(options.dataset);
  const classes = runClasses(dataset);
  const { names, labels } = classes;
  const task = datasets.task(dataset.id);
  const project = options.project === undefined ? null : c.projects.get(options.project);
  const reference: BackboneReference =
    backbone === null ? { ...shape, path: null, sha256: '' } : await backbones.reference(backbone);
  if (start !== null) requireStart(start, reference, config, task);
  const wanted = options.name === undefined ? null : checkName('run', options.name);
  if (wanted !== null) requireFreeName(library, 'run', wanted);
  const name =
    wanted ?? freeName(library, 'run', `${dataset.name}-${config.tuning.method}`.slice(0, 94));
  const id = newId('run');
  const createdAt = now();
  await makeFolder(folders.runs);
  const folder = join(folders.runs, id);
  const { counts, manifestSha256 } = await createRunFolder(folder, {
    id,
    name,
    createdAt,
    backbone: reference,
    dataset,
    task,
    classes: names,
    labels,
    images: datasets.images(dataset.id),
    config,
    start:
      start === null
        ? null
        : {
            adapter: start.adapter,
            rows: classRows(c.known.rows(start.adapter, dataset), classes),
          },
  });
  try {
    library.transaction(() => {
      requireFreeName(library, 'run', name);
      runs.insert({
        id,
        name,
        projectId: project?.id ?? null,
        backboneId: backbone?.id ?? null,
        backbone: reference,
        datasetId: dataset.id,
        datasetName: dataset.name,
        classes: names,
        classLabels: [...labels.keys()],
        counts,
        config,
        task,
        parentAdapterId: start?.adapter.id ?? null,
        manifestSha256,
        createdAt,
      });
    });
  } catch (error) {
    await moveToBin(folders, folder, id);
    throw error;
  }
  return id;
}
