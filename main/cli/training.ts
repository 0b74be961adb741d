import { counted } from '../../shared/domain/counted.ts';
import type { EngineEvent } from '../../shared/contract/engine/messages.ts';
import type { RunPlan, RunStart } from '../../shared/contract/window/runs.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { canExportAs } from '../../shared/methods/export-formats.ts';
import { describeTuning } from '../../shared/methods/describe.ts';
import type { Method } from '../../shared/methods/registry.ts';
import { trainedParameters } from '../../shared/methods/trained.ts';
import { nearSize, type Architecture } from '../../shared/models/registry.ts';
import type { Run } from '../../shared/domain/library.ts';
import type { Preprocessing } from '../../shared/domain/preprocessing.ts';
import type { TrainingConfig } from '../../shared/domain/training.ts';
import { allSettings } from '../../shared/training/config.ts';
import { FLIP_REASONS, flipReason } from '../../shared/training/flip-reason.ts';
import { SETTINGS, settingsOf, settingValue } from '../../shared/training/settings.ts';
import type { RunOutcome } from '../host/contract/runs.ts';
import type { Studio } from '../host/contract/studio.ts';
import { advice, withStudio, type CommandContext } from './context.ts';
import { adviceLines, adviceOn } from './describe/advice.ts';
import {
  describeCheckpointing,
  describeStart,
  describeTime,
  describeWaiting,
} from './describe/run.ts';
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatParameters,
  formatPercent,
} from './output/format.ts';
import { progressView, type ProgressView } from './output/progress.ts';
import { facts } from './output/table.ts';

/** Milliseconds between two progress objects of a `--json` stream. */
const PROGRESS_INTERVAL = 1000;

/** A watched training, shared by `train`, `runs resume` and `demo`. */
export interface TrainingSession {
  readonly view: ProgressView;
  /** For withStudio: explains Ctrl-C. */
  readonly onFirst: () => void;
  /**
   * Trains the run to its end. Under `--json` the run's events go to standard output as they come.
   * @throws cancelled, naming the command that resumes, when Ctrl-C interrupted the run
   */
  execute(
    studio: Studio,
    run: Run,
    options: { resume: boolean; signal: AbortSignal },
  ): Promise<RunOutcome>;
}

/** A run to train, and what it starts from when it is a new one from an adapter. */
export interface ChosenRun {
  readonly run: Run;
  readonly start?: RunStart | null;
}

export function trainingSession(
  context: CommandContext,
  options: { stream?: boolean } = {},
): TrainingSession {
  const { console } = context;
  const view = progressView(console);
  return {
    view,
    onFirst: () => {
      view.stop();
      console.note('Interrupted: writing a checkpoint. Press Ctrl-C again to quit immediately.');
    },
    async execute(studio, run, { resume, signal }) {
      view.expect(run.config.schedule.epochs);
      const emit = options.stream === true ? eventStream(context) : () => undefined;
      try {
        return await studio.scheduler.train(run.id, {
          resume,
          signal,
          onProgress: view.host,
          onEvent: (event) => {
            view.engine(event);
            emit(event);
          },
        });
      } catch (error) {
        if (!(error instanceof KarstError) || error.code !== 'cancelled') throw error;
        throw interrupted(context, studio.runs.get(run.id), error);
      } finally {
        view.stop();
      }
    },
  };
}

/**
 * The work of `train` and `runs resume`: prints what will be trained, trains it, prints the result.
 * `--json`: one object a line: `started`, then `progress`, `metrics`, `checkpoint`, `log` as they
 * come, at last
 * `{"event":"done","run","adapter","metrics":{"val":{"top1","loss"}},"trainableParameters","advice":[{"kind","text"}]}`.
 * @param choose finds or creates the run, and says what it starts from
 */
export async function trainToItsEnd(
  context: CommandContext,
  { resume }: { resume: boolean },
  choose: (studio: Studio) => ChosenRun | Promise<ChosenRun>,
): Promise<void> {
  const { console } = context;
  const session = trainingSession(context, { stream: true });
  const { outcome, told } = await withStudio(
    context,
    async (studio, signal) => {
      const { run, start = null } = await choose(studio);
      const parameters = parametersOf(studio, run);
      console.emit(startedEvent(run, parameters, start));
      if (start !== null) console.say(describeStart(start), '');
      const lines = describePlan(
        run,
        parameters,
        context,
        resume ? null : await planOf(studio, run),
      );
      console.say(...lines, '');
      const ended = await session.execute(studio, run, { resume, signal });
      const remarks = adviceOn(ended.run, studio.runs.metrics(run.id), context);
      return { outcome: ended, told: remarks };
    },
    session,
  );
  console.emit({ ...doneEvent(outcome), advice: told });
  console.say('', ...describeOutcome(outcome, context), ...adviceLines(told));
}

/** null for a randomly initialised architecture, or images that the library no longer has. */
async function planOf(studio: Studio, run: Run): Promise<RunPlan | null> {
  const { backboneId, datasetId, config } = run;
  if (backboneId === null || datasetId === null) return null;
  return studio.plans.plan({ backbone: backboneId, dataset: datasetId, config });
}

/** null when the run trains a randomly initialised architecture, which is not in the library. */
function parametersOf(studio: Studio, run: Run): number | null {
  if (run.backboneId === null) return null;
  return trainableParameters(studio.backbones.get(run.backboneId), run.config, run.classes.length);
}

/** Passes a run's events on as objects of a `--json` stream, progress at most once a second. */
function eventStream(context: CommandContext): (event: EngineEvent) => void {
  let phase: string | null = null;
  let printedAt = 0;
  return (event) => {
    if (event.type === 'progress') {
      const now = performance.now();
      if (event.phase === phase && now - printedAt < PROGRESS_INTERVAL) return;
      phase = event.phase;
      printedAt = now;
    }
    if (event.type === 'metrics') context.console.emit({ event: 'metrics', ...event.record });
    else if (['progress', 'checkpoint', 'first-step', 'log', 'state'].includes(event.type)) {
      const { type, ...rest } = event;
      context.console.emit({ event: type, ...rest });
    }
  };
}

function interrupted(context: CommandContext, run: Run, cause: KarstError): KarstError {
  const resume = advice(context, 'runs', 'resume', run.name);
  return run.checkpointStep === null
    ? new KarstError('cancelled', `${run.name} was ended before its first checkpoint.`, {
        hint: `\`${resume}\` starts it again.`,
        cause,
      })
    : new KarstError('cancelled', `${run.name} is interrupted at step ${run.checkpointStep}.`, {
        hint: `\`${resume}\` resumes it from there.`,
        cause,
      });
}

/** How many parameters a run trains: those of the method and the new head of `classes` outputs. */
export function trainableParameters(
  {
    architecture,
    preprocessing,
  }: {
    readonly architecture: Architecture;
    readonly preprocessing: Pick<Preprocessing, 'imageSize'>;
  },
  config: TrainingConfig,
  classes: number,
): number {
  const working = nearSize(architecture, config.imageSize || preprocessing.imageSize);
  const { adapter, head } = trainedParameters(working, config.tuning, classes);
  return adapter + head;
}

/** Lines that say what is going to be trained. */
export function describePlan(
  run: Run,
  parameters: number | null,
  context: CommandContext,
  plan: RunPlan | null = null,
): string[] {
  const { config } = run;
  const { optimizer, schedule } = config;
  const pairs: [string, string][] = [
    ['run', `${context.console.bold(run.name)} (${run.id})`],
    ['method', describeTuning(config.tuning)],
    ['backbone', run.backboneName],
    [
      'dataset',
      `${run.datasetName}: ${formatCount(run.counts.train)} train and ${counted(run.counts.val, 'val image')} in ${counted(run.classes.length, 'class', 'classes')}`,
    ],
  ];
  if (parameters !== null) pairs.push(['trains', `${formatParameters(parameters)} parameters`]);
  pairs.push([
    'schedule',
    `${counted(schedule.epochs, 'epoch')}, batches of ${config.batchSize}, learning rate ${optimizer.learningRate}, seed ${config.seed}`,
  ]);
  pairs.push(['augmentation', describeAugmentation(run)]);
  const needed = plan?.memoryBytes ?? null;
  if (plan !== null && needed !== null) pairs.push(['memory', describeMemory(plan, needed)]);
  return facts(pairs, context.console.dim);
}

/** What is done to images, and why they are flipped or not. */
function describeAugmentation({ config, classes }: Run): string {
  const settings = allSettings(config);
  const { method } = settings;
  const { flip } = config.augmentation;
  const others = settingsOf('augmentation', settings)
    .filter((key) => key !== 'augmentation.flip')
    .map((key) => ({ ...SETTINGS[key], value: settingValue(settings, key) }))
    .filter(({ off, value }) => value !== off)
    .map(({ shortNames: [name = ''], value }) => `${name} ${String(value)}`);
  const reason = FLIP_REASONS[flipReason({ method, flip }, classes)];
  return [...others, `flip ${flip ? 'on' : 'off'} (${reason})`].join(', ');
}

export function describeMemory(plan: RunPlan, memoryBytes: number): string {
  const { memoryFreeBytes, checkpointedBlocks, blocks } = plan;
  const amount = `about ${formatBytes(memoryBytes)} of ${formatBytes(memoryFreeBytes)} free`;
  return checkpointedBlocks === 0
    ? amount
    : `${amount}, as ${checkpointedBlocks} of ${blocks} blocks use gradient checkpointing`;
}

/** The closing lines of a training. */
function describeOutcome(
  { run, adapter, result, waiting }: RunOutcome,
  context: CommandContext,
): string[] {
  const { console } = context;
  const pairs: [string, string][] = [
    ['adapter', `${console.bold(adapter.name)} (${adapter.id})`],
    ['trained', `${counted(result.steps, 'step')}${describeTime(run)}`],
  ];
  if (waiting.length > 0) pairs.push(['waited', describeWaiting(waiting)]);
  if (result.val !== null) {
    pairs.push([
      'validation',
      `top-1 ${console.bold(formatPercent(result.val.top1))}, loss ${formatNumber(result.val.loss)}, of epoch ${result.bestEpoch}`,
    ]);
  }
  pairs.push(['parameters', `${formatParameters(result.trainableParameters)} trained`]);
  const memory = describeCheckpointing(run);
  if (memory !== null) pairs.push(['memory', memory]);
  pairs.push(['folder', adapter.folder]);
  const title =
    run.state === 'stopped'
      ? `${run.name} was stopped; its best adapter is kept.`
      : result.stoppedEarly
        ? `${run.name} stopped early: validation did not improve.`
        : `${run.name} is done.`;
  return [
    title,
    ...facts(pairs, console.dim),
    '',
    `Next: ${advice(context, 'evaluate', adapter.name, '--dataset', run.datasetName)}`,
    `      ${advice(context, ...toModel(run.method, adapter.name))}`,
  ];
}

/** The command that makes a model of an adapter. */
function toModel(method: Method, name: string): string[] {
  return canExportAs('timm', method)
    ? ['merge', name]
    : ['export', name, '--format', 'onnx', '--out', `${name}-onnx`];
}

/** The first object of a training's `--json` stream. */
function startedEvent(run: Run, parameters: number | null, start: RunStart | null): object {
  return {
    event: 'started',
    run: run.id,
    name: run.name,
    method: run.method,
    backbone: run.backboneName,
    dataset: run.datasetName,
    from: start === null ? null : { adapter: start.adapterId, ...start.classes },
    classes: run.classes.length,
    images: run.counts,
    epochs: run.config.schedule.epochs,
    folder: run.folder,
    trainableParameters: parameters,
  };
}

/** The last object of a training's `--json` stream. */
function doneEvent({ run, adapter, result, waiting }: RunOutcome): object {
  const { val } = result;
  return {
    event: 'done',
    run: run.id,
    adapter: adapter.id,
    metrics: { val: val === null ? null : { top1: val.top1, loss: val.loss } },
    trainableParameters: result.trainableParameters,
    activeSeconds: run.activeSeconds,
    checkpointedBlocks: run.checkpointedBlocks ?? 0,
    waiting,
  };
}
