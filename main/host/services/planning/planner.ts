import type { BenchmarkJob } from '../../../../shared/contract/engine/jobs.ts';
import type { BenchmarkResult } from '../../../../shared/contract/engine/results.ts';
import type { RunPlan } from '../../../../shared/contract/window/runs.ts';
import { familyOf, nearSize, parameterCount } from '../../../../shared/models/registry.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import type { Backbone, Dataset, Run } from '../../../../shared/domain/library.ts';
import {
  keepsFeatures,
  updatesPerEpoch,
  type TrainingConfig,
} from '../../../../shared/domain/training.ts';
import { usedClasses } from '../../../../shared/domain/dataset-classes.ts';
import { taskSpec } from '../../../../shared/tasks/registry.ts';
import { singleLabel } from '../../../../shared/tasks/single-label.ts';
import { adapterWeightsBytes } from '../../../formats/adapter-folder.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { JobRegistry } from '../../engine/job-registry.ts';
import type { StepTimeRepository, StepTimes } from '../../store/step-times.ts';
import type { DatasetService } from '../../contract/datasets.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import type { JobWatching } from '../../contract/watching.ts';
import type { Backbones } from '../backbones/backbones.ts';
import { memoryRequest, type GradientCheckpointing } from './gradient-checkpointing.ts';
import { runClasses } from '../run-classes.ts';
import type { PlanRequest, PlanService } from '../../contract/runs.ts';
import { trainingProblems, validateTrainingConfig } from '../training-config.ts';

/** Timed updates. */
const MEASURED_STEPS = 8;

/** Classes assumed for a plan without a dataset, whose head has an unknown size. */
const NO_CLASSES = 0;

export interface PlannerContext {
  readonly stepTimes: StepTimeRepository;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly jobs: JobRegistry;
  readonly checkpointing: GradientCheckpointing;
  readonly backbones: Backbones;
  readonly datasets: Pick<DatasetService, 'get' | 'task'>;
  /** A run in training. */
  readonly training: () => Run | null;
}

type Problem = RunPlan['problems'][number];

/** Plans runs: what settings mean before anything is started. */
export class Planner implements PlanService {
  readonly #c: PlannerContext;

  constructor(context: PlannerContext) {
    this.#c = context;
  }

  async plan(request: Omit<PlanRequest, 'dataset'> & { dataset: string | null }): Promise<RunPlan> {
    const backbone = this.#c.backbones.get(request.backbone);
    const dataset = request.dataset === null ? null : this.#c.datasets.get(request.dataset);
    const { config } = request;
    const wrong = trainingProblems(config, backbone.architecture);
    const problems = [
      ...wrong.map(({ setting, error }): Problem => ({
        setting,
        severity: 'error',
        error: error.toReport(),
      })),
      ...(dataset === null ? [] : datasetProblems(dataset, config)),
    ];
    const working = nearSize(
      backbone.architecture,
      config.imageSize || backbone.preprocessing.imageSize,
    );
    const classes = dataset === null ? NO_CLASSES : usedClasses(dataset).length;
    const described = {
      ...config.tuning,
      architecture: working,
      backboneSha256: config.initialize === 'random' ? null : backbone.sha256,
    };
    const steps =
      dataset === null ? 0 : config.schedule.epochs * updatesPerEpoch(dataset.counts.train, config);
    const task = dataset === null ? singleLabel : taskSpec(this.#c.datasets.task(dataset.id));
    const outputs = task.outputs(classes);
    const needed = memoryRequest(working, config, { task, classes });
    // Settings out of their limits cannot be computed and need no memory.
    const choice = wrong.length > 0 ? null : await this.#c.checkpointing.choose(needed);
    const times = choice?.times ?? null;
    return {
      adapterParameters: told(needed.adapterParameters),
      headParameters: told(needed.headParameters),
      backboneParameters: parameterCount({ ...backbone.architecture, classes: 0 }),
      adapterBytes: told(adapterWeightsBytes(described, working, outputs)),
      steps: told(steps),
      memoryBytes: choice === null ? null : told(choice.memoryBytes),
      memoryFreeBytes: choice?.memoryFreeBytes ?? this.#c.checkpointing.freeBytes(),
      checkpointedBlocks: choice?.checkpointedBlocks ?? 0,
      blocks: familyOf(working).blocks(working),
      seconds: times === null || dataset === null ? null : duration(times, dataset, config, steps),
      problems,
    };
  }

  async benchmark(request: PlanRequest, watching: JobWatching = {}): Promise<StepTimes> {
    const { backbones, datasets, stepTimes, checkpointing } = this.#c;
    const training = this.#c.training();
    if (training !== null)
      throw new KarstError(
        'in-use',
        `The run "${training.name}" is being trained: meanwhile measured steps would be slower.`,
        { hint: 'Pause it, or measure when it has ended.' },
      );
    const backbone = backbones.get(request.backbone);
    const config = validateTrainingConfig(request.config, backbone.architecture);
    const dataset = datasets.get(request.dataset);
    const { names } = runClasses(dataset);
    const working = nearSize(
      backbone.architecture,
      config.imageSize || backbone.preprocessing.imageSize,
    );
    const task = taskSpec(datasets.task(dataset.id));
    const needed = memoryRequest(working, config, { task, classes: names.length });
    const { checkpointedBlocks } = await checkpointing.choose(needed);
    const key = await checkpointing.key(needed, checkpointedBlocks);
    const job = { config, task: task.name, classes: names.length, checkpointedBlocks };
    const { secondsPerStep, secondsPerValidationBatch, startSeconds, peakBytes } =
      await this.#c.jobs.run(watching.signal, (signal) =>
        this.#benchmark(backbone, job, { ...watching, signal }),
      );
    const times = { secondsPerStep, secondsPerValidationBatch, startSeconds, peakBytes };
    stepTimes.put(key, times);
    return times;
  }

  async #benchmark(
    backbone: Backbone,
    job: Pick<BenchmarkJob, 'config' | 'task' | 'classes' | 'checkpointedBlocks'>,
    watching: JobWatching,
  ): Promise<BenchmarkResult> {
    const { spawn, cacheDir, graceMs, backbones } = this.#c;
    const reference = await backbones.reference(backbone, watching);
    return (await runEngineJob({
      spawn,
      cacheDir,
      graceMs,
      logFile: null,
      job: { kind: 'benchmark', backbone: reference, ...job, steps: MEASURED_STEPS },
      onEvent: watching.onEvent,
      signal: watching.signal,
    })) as BenchmarkResult;
  }
}

/** Settings far out of their limits overflow integers: the plan reports them as problems. */
const told = (figure: number): number =>
  Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(figure)));

function duration(
  times: StepTimes,
  dataset: Dataset,
  config: TrainingConfig,
  steps: number,
): number {
  const { schedule, validateEvery, batchSize } = config;
  const { train, val } = dataset.counts;
  const inBatches = (images: number): number => Math.ceil(images / Math.max(1, batchSize));
  const validations = val === 0 ? 0 : Math.ceil(schedule.epochs / Math.max(1, validateEvery));
  // Cached features: every image passes the backbone once, whatever the number of epochs.
  const batches = keepsFeatures(config)
    ? inBatches(train) + inBatches(val)
    : validations * inBatches(val);
  return (
    times.startSeconds + steps * times.secondsPerStep + batches * times.secondsPerValidationBatch
  );
}

/** What is wrong with the images for these settings. */
function datasetProblems(dataset: Dataset, config: TrainingConfig): Problem[] {
  const problems: Problem[] = [];
  const { train, val } = dataset.counts;
  try {
    runClasses(dataset);
  } catch (error) {
    problems.push({ setting: 'dataset', severity: 'error', error: toErrorReport(error) });
  }
  const warn = (setting: string, message: string, hint: string): number =>
    problems.push({
      setting,
      severity: 'warning',
      error: { code: setting === 'dataset' ? 'dataset-unusable' : 'config-invalid', message, hint },
    });
  if (train > 0 && val === 0)
    warn(
      'dataset',
      `The dataset "${dataset.name}" has no validation images: the last epoch is kept, whether or not it is the best.`,
      'Re-split with a validation fraction.',
    );
  if (val === 0 && config.earlyStopping > 0)
    warn(
      'earlyStopping',
      'The setting "earlyStopping" has no effect: there are no validation images.',
      'Re-split with a validation fraction.',
    );
  if (train > 0 && config.batchSize > train)
    warn(
      'batchSize',
      `The setting "batchSize" is ${config.batchSize}, but there are only ${train} training images: the rest of each batch is wasted.`,
      `Choose ${train} or less.`,
    );
  return problems;
}
