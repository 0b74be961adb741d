import { fileURLToPath } from 'node:url';
import type { ProbeResult } from '../../shared/contract/engine/results.ts';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import { cacheFolder } from '../platform/cache-folder.mjs';
import { homeFolders } from './home.ts';
import { runEngineJob } from './engine/engine-job.ts';
import { JobRegistry } from './engine/job-registry.ts';
import { newOwner, releaseOwner } from './owner.ts';
import { RunScheduler } from './scheduler/run-scheduler.ts';
import { AdapterEngines } from './services/adapters/adapter-engines.ts';
import { Adapters } from './services/adapters/adapters.ts';
import { Evaluations } from './services/adapters/evaluations.ts';
import { KnownClasses } from './services/adapters/known-classes.ts';
import { MergedModels } from './services/adapters/merged-models.ts';
import { Merging } from './services/adapters/merging.ts';
import { Predictions } from './services/adapters/predictions.ts';
import { Backbones } from './services/backbones/backbones.ts';
import { BackboneSources } from './services/backbones/backbone-sources.ts';
import { freeSpace } from './services/diagnosis/machine.ts';
import { Bin } from './services/bin.ts';
import { AugmentationPreviews } from './services/datasets/augmentation-previews.ts';
import { moveFormerSamples } from './services/sample.ts';
import { Classes } from './services/datasets/classes.ts';
import { Datasets } from './services/datasets/datasets.ts';
import { Growth } from './services/datasets/growth/growth.ts';
import { engineKernels } from './services/planning/engine-kernels.ts';
import { freeCardMemory } from './services/planning/card-memory.ts';
import { freeMemory } from './services/planning/free-memory.ts';
import { sweepLeftovers } from './services/leftovers.ts';
import { Planner } from './services/planning/planner.ts';
import { Projects } from './services/projects.ts';
import { MemoryEstimates } from './services/planning/memory-estimates.ts';
import { GradientCheckpointing } from './services/planning/gradient-checkpointing.ts';
import { RunExecutor } from './services/runs/run-executor.ts';
import type { RunSession } from './services/runs/run-session.ts';
import { Runs } from './services/runs/runs.ts';
import { settingsSpawner } from './services/settings/settings-spawner.ts';
import { SettingsStore } from './services/settings/settings.ts';
import { AdapterRepository } from './store/adapters.ts';
import { BackboneRepository } from './store/backbones.ts';
import { BinRepository } from './store/bin.ts';
import { ClassRepository } from './store/classes.ts';
import { DatasetRepository } from './store/datasets.ts';
import { EvaluationRepository } from './store/evaluations.ts';
import { ExportRepository } from './store/exports.ts';
import { ImageRepository } from './store/images.ts';
import { MergeRepository } from './store/merges.ts';
import { MetricRepository } from './store/metrics.ts';
import { closeLibrary, openLibrary, type OpenedLibrary } from './store/open-library.ts';
import { NoteRepository } from './store/notes.ts';
import { ProblemRepository } from './store/problems.ts';
import { ProjectRepository } from './store/projects.ts';
import { RunRepository } from './store/runs.ts';
import { SettingRepository } from './store/settings.ts';
import { SourceRepository } from './store/sources.ts';
import { StepTimeRepository } from './store/step-times.ts';
import { TagRepository } from './store/tags.ts';
import type { Studio, StudioOptions } from './contract/studio.ts';
import { join } from 'node:path';

const GRACE_MS = 30_000;
const WARM_MS = 60_000;
const STARTER = fileURLToPath(new URL('../assets/starter', import.meta.url));

/**
 * Opens the studio's data, creating them if missing: library, services, starter backbone. Marks
 * runs whose process has gone as interrupted and removes unfinished imports.
 * @throws store-damaged, format-unsupported, not-writable, not-readable, in-use
 */
export async function openStudio(options: StudioOptions): Promise<Studio> {
  const folders = homeFolders(options.home);
  const owner = newOwner();
  let opened: OpenedLibrary | null = null;
  try {
    opened = await openLibrary(folders, owner, undefined, options.readOnly);
    const { copy } = opened;
    // A job's temporary files are written beside the copy.
    const places = copy === null ? folders : { ...folders, work: copy.work };
    return await assemble(options, places, owner, opened);
  } catch (error) {
    if (opened !== null) closeLibrary(opened.library, owner);
    opened?.copy?.remove();
    releaseOwner(owner);
    throw error;
  }
}

async function assemble(
  options: StudioOptions,
  folders: ReturnType<typeof homeFolders>,
  owner: string,
  { library, notices: found, unclean, copy }: OpenedLibrary,
): Promise<Studio> {
  const graceMs = options.graceMs ?? GRACE_MS;
  const settings = new SettingsStore(new SettingRepository(library));
  const spawn = settingsSpawner(options.spawn, settings);
  const jobs = new JobRegistry();
  const engine = { spawn, cacheDir: cacheFolder(), graceMs, jobs };
  const backbones = new Backbones(library, new BackboneRepository(library));
  const sources = new BackboneSources({
    backbones,
    environment: process.env,
    freeBytes: freeSpace,
  });
  const binRepository = new BinRepository(library);
  const sourceRepository = new SourceRepository(library);
  const datasetRepository = new DatasetRepository(library);
  const datasets = new Datasets(
    library,
    {
      datasets: datasetRepository,
      images: new ImageRepository(library),
      problems: new ProblemRepository(library),
      bin: binRepository,
      sources: sourceRepository,
      previews: new AugmentationPreviews(spawn, engine.cacheDir, jobs),
    },
    owner,
  );
  const classRepository = new ClassRepository(library);
  const classes = new Classes({
    library,
    classes: classRepository,
    datasets: datasetRepository,
    images: new ImageRepository(library),
    problems: new ProblemRepository(library),
  });
  const growth = new Growth({
    library,
    datasets: datasetRepository,
    images: new ImageRepository(library),
    problems: new ProblemRepository(library),
    classes: classRepository,
    sources: sourceRepository,
  });
  const notes = new NoteRepository(library);
  const projects = new Projects({
    library,
    notes,
    projects: new ProjectRepository(library, notes),
    datasets,
    backbones,
  });
  const tags = new TagRepository(library);
  const runRepository = new RunRepository(library, (id) => join(folders.runs, id));
  const adapterRepository = new AdapterRepository(library, tags, (id) =>
    join(folders.adapters, id),
  );
  const bin = new Bin(library, { bin: binRepository, adapters: adapterRepository }, folders);
  const images = new ImageRepository(library);
  const evaluationRepository = new EvaluationRepository(library);
  const merges = new MergeRepository(library);
  const exports = new ExportRepository(library);
  const engines = new AdapterEngines({ ...engine, folders, backbones });
  const predictions = new Predictions({
    ...engine,
    warmMs: options.warmMs ?? WARM_MS,
    adapters: adapterRepository,
    backbones,
    engines,
    folders,
  });
  const known = new KnownClasses(classRepository, runRepository);
  const evaluations = new Evaluations({
    library,
    adapters: adapterRepository,
    evaluations: evaluationRepository,
    images,
    datasets,
    known,
    classes,
    engines,
    folders,
  });
  const models = new MergedModels({
    engines,
    datasets,
    backbones,
    known,
    evaluations: evaluationRepository,
    runs: runRepository,
    folders,
  });
  const merging = new Merging({
    library,
    folders,
    adapters: adapterRepository,
    merges,
    exports,
    models,
  });
  const adapters = new Adapters({
    library,
    bin,
    tags,
    notes,
    adapters: adapterRepository,
    evaluations: evaluationRepository,
    merges,
    exports,
    runs: runRepository,
    folders,
    backbones,
    release: (id) => predictions.release(id),
  });
  const stepTimes = new StepTimeRepository(library);
  const checkpointing = new GradientCheckpointing({
    estimates: new MemoryEstimates(),
    stepTimes,
    settings,
    freeMemory,
    freeCardMemory: () => freeCardMemory(settings.get()),
    kernels: engineKernels(),
  });
  const sessions = new Map<string, RunSession>();
  const metrics = new MetricRepository(library);
  const runs = new Runs({
    library,
    runs: runRepository,
    metrics,
    notes,
    folders,
    bin,
    backbones,
    datasets,
    projects,
    adapters: adapterRepository,
    known,
    sessions,
  });
  const executor = new RunExecutor({
    ...engine,
    library,
    runs: runRepository,
    metrics,
    folders,
    owner,
    backbones,
    adapters,
    checkpointing,
    runService: runs,
    sessions,
  });
  const scheduler = new RunScheduler({ runs, executor });
  const plans = new Planner({
    ...engine,
    stepTimes,
    checkpointing,
    backbones,
    datasets,
    training: () => runs.training(),
  });
  datasets.removeLeftovers();
  const interrupted = runs.findInterrupted();
  const notices = [...found, ...(copy === null ? await sweepLeftovers(folders, unclean) : [])];
  const starter = options.starter === undefined ? STARTER : options.starter;
  if (starter !== null)
    try {
      await backbones.registerStarter(starter, folders.backbones);
    } catch (error) {
      // A damaged starter must not block everything else. In a read-only home it has no copy.
      const { code, message } = toErrorReport(error);
      if (copy === null || code !== 'not-writable')
        notices.push(`The starter backbone is not available: ${message}`);
    }
  if (copy === null)
    try {
      await moveFormerSamples(datasetRepository, folders.root);
    } catch (error) {
      notices.push(`The sample is not available: ${toErrorReport(error).message}`);
    }
  if (copy !== null) library.seal();
  let closed: Promise<void> | null = null;
  return {
    home: folders.root,
    readOnly: copy !== null,
    settings,
    projects,
    backbones,
    sources,
    datasets,
    classes,
    growth,
    runs,
    scheduler,
    plans,
    adapters,
    evaluations,
    predictions,
    merging,
    bin,
    interrupted,
    notices,
    async probe(watching = {}) {
      const result = await jobs.run(watching.signal, (signal) =>
        runEngineJob({
          ...engine,
          job: { kind: 'probe' },
          logFile: null,
          onEvent: watching.onEvent,
          signal,
        }),
      );
      return (result as ProbeResult).device;
    },
    close() {
      closed ??= (async () => {
        await Promise.allSettled([scheduler.close(), jobs.close(), predictions.close()]);
        // Failing to remove a picture must not keep the library open.
        await Promise.allSettled([datasets.close()]);
        try {
          closeLibrary(library, owner);
        } catch (error) {
          throw error instanceof KarstError ? error : KarstError.fromReport(toErrorReport(error));
        } finally {
          releaseOwner(owner);
          copy?.remove();
        }
      })();
      return closed;
    },
  };
}
