import { join } from 'node:path';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { Evaluation, MetricRecord, SampleRecord } from '../../../shared/domain/metrics.ts';
import type { Model } from '../model/model.ts';
import type { BatchSource, ImageBatch } from '../data/batch-source.ts';
import { evaluate } from '../evaluate/evaluator.ts';
import type { Session } from '../../backends/session.ts';
import { CheckpointStore, type TrainingState } from './checkpoint.ts';
import { ModelState, type NamedTensors } from '../programs/model-state.ts';
import type { StepNoise } from './noise.ts';
import { learningRateAt } from '../programs/optimizer.ts';
import type { ParameterGroup } from '../programs/parameters.ts';
import type { RunChannel } from './run-channel.ts';
import { ValidationSamples } from './samples.ts';
import { StepLog } from './step-log.ts';
import { TimeLeft } from './time-left.ts';
import type { Task } from '../../tasks/task.ts';
import { isBetter } from '../../../shared/tasks/task.ts';
import { makeUpdate, targetSet, type UpdateParts } from './update.ts';

export interface TrainerParts {
  readonly job: TrainJob;
  readonly channel: RunChannel;
  readonly task: Task;
  readonly model: Model;
  readonly session: Session;
  readonly groups: readonly ParameterGroup[];
  readonly noise: readonly StepNoise[];
  readonly images: {
    readonly train: readonly ManifestImage[];
    readonly val: readonly ManifestImage[];
  };
  /** Targets of the images, in the same order. */
  readonly targets: { readonly train: readonly unknown[]; readonly val: readonly unknown[] };
  readonly loaders: { readonly train: BatchSource; readonly val: BatchSource | null };
  /** Seconds before the training: see the event `first-step`. */
  readonly preparing: { readonly tensorflow: number; readonly graph: number };
}

export interface TrainingOutcome {
  readonly state: TrainingState;
  readonly stoppedEarly: boolean;
  /** Adapter of the best epoch, or of the last one if there are no validation images. */
  readonly adapter: NamedTensors | ReadonlyMap<string, Float32Array>;
  readonly val: Evaluation | null;
}

type InitialValues = () => Promise<ReadonlyMap<string, Float32Array>>;

type Ending = 'finished' | 'stopped' | 'suspended';

/**
 * Minimum age in seconds of the last checkpoint for the end of an epoch to write another, so that
 * short epochs are not dominated by disk writes. The last epoch and new best epochs always write
 * one.
 */
const EPOCH_CHECKPOINT_SECONDS = 5;

const START: TrainingState = {
  version: 1,
  step: 0,
  epoch: 0,
  batch: 0,
  best: null,
  epochsWithoutBest: 0,
  seconds: 0,
};

/**
 * Trains one run: epochs with validation, checkpoints and early stopping; handles pause, stop and
 * suspend requests.
 */
export class Trainer {
  readonly #p: TrainerParts;
  readonly #checkpoints: CheckpointStore;
  readonly #metrics: StepLog<MetricRecord>;
  readonly #samples: StepLog<SampleRecord>;
  readonly #validationSamples: ValidationSamples;
  readonly #model: ModelState;
  readonly #update: UpdateParts;
  readonly #updatesPerEpoch: number;
  #state: TrainingState = START;
  #savedStep = -1;
  #savedAt = performance.now();
  readonly #timeLeft: TimeLeft;
  readonly #reported = new Set<string>();

  constructor(parts: TrainerParts) {
    this.#p = parts;
    const { job, task, session, noise, images, targets, loaders } = parts;
    const { config } = job;
    this.#checkpoints = new CheckpointStore(job.runDir);
    this.#metrics = new StepLog(join(job.runDir, 'metrics.jsonl'));
    this.#samples = new StepLog(join(job.runDir, 'samples.jsonl'));
    this.#validationSamples = new ValidationSamples(
      task.spec,
      images.val,
      job.classes,
      config.seed,
    );
    this.#model = new ModelState(session, parts.groups);
    this.#update = {
      session,
      noise,
      config,
      task,
      targets: targetSet(task, targets.train, job.classes.length, config),
    };
    this.#updatesPerEpoch = Math.ceil(loaders.train.batchesPerEpoch / config.accumulate);
    this.#timeLeft = new TimeLeft({
      epochs: config.schedule.epochs,
      validateEvery: config.validateEvery,
      updates: this.#updates,
    });
  }

  /** Of the whole training. */
  get #updates(): number {
    return this.#p.job.config.schedule.epochs * this.#updatesPerEpoch;
  }

  /**
   * @param initial gives the initial values of the trained tensors; asked where there is no
   * checkpoint
   * @throws KarstError diverged, cancelled (suspended), not-writable …
   */
  async run(initial: InitialValues): Promise<TrainingOutcome> {
    await this.#begin(initial);
    const ending = await this.#epochs();
    // Finished runs are saved too, because they can be extended.
    await this.#save();
    if (ending === 'suspended') {
      throw new KarstError(
        'cancelled',
        `The run "${this.#p.job.runName}" was suspended at step ${String(this.#state.step)}.`,
        {
          hint: `Resume it with "karst runs resume ${this.#p.job.runName}".`,
        },
      );
    }
    return this.#outcome(ending);
  }

  async #begin(initial: InitialValues): Promise<void> {
    const { job, channel } = this.#p;
    if (!job.resume) {
      await this.#checkpoints.clear();
      await this.#startAfresh(initial);
      return;
    }
    const found = await this.#checkpoints.newest((path, reason) => {
      channel.emit({
        type: 'log',
        level: 'warning',
        message: `The checkpoint ${path} is not used: ${reason}.`,
        path,
      });
    });
    if (found === null) {
      await this.#startAfresh(initial);
      channel.emit({
        type: 'log',
        level: 'info',
        message: 'There is no checkpoint yet: the run starts from the beginning.',
      });
      return;
    }
    const { state } = found;
    // An extension resets the patience of early stopping.
    const extended = job.extendedAt !== null && state.step <= job.extendedAt;
    this.#state = extended ? { ...state, epochsWithoutBest: 0 } : state;
    this.#savedStep = state.step;
    await this.#model.set(found.adapter, found.optimizer);
    await this.#checkpoints.discardAfter(state.step);
    await this.#forgetAfter(state.step);
    channel.emit({
      type: 'log',
      level: 'info',
      message: `Resumed from step ${String(state.step)} (epoch ${String(state.epoch + 1)}).`,
      path: found.path,
    });
  }

  async #startAfresh(initial: InitialValues): Promise<void> {
    await this.#forgetAfter(0);
    await this.#model.set(await initial(), null);
  }

  async #forgetAfter(step: number): Promise<void> {
    for (const log of [this.#metrics, this.#samples]) {
      await log.truncateAfter(step, (lines) =>
        this.#p.channel.emit({
          type: 'log',
          level: 'warning',
          message: `${log.path} had ${lines.length === 1 ? 'an invalid line' : `${String(lines.length)} lines that are no records`} (line ${String(lines[0])}${lines.length === 1 ? '' : ' first'}), removed: the charts have a gap there, the training has none.`,
          path: log.path,
        }),
      );
    }
  }

  async #epochs(): Promise<Ending> {
    const { schedule, earlyStopping } = this.#p.job.config;
    while (this.#state.epoch < schedule.epochs) {
      // Checked before the epoch, so that a run resumed after early stopping does not train another
      // epoch.
      if (earlyStopping > 0 && this.#state.epochsWithoutBest >= earlyStopping) return 'stopped';
      const ending = await this.#epoch();
      if (ending !== 'finished') return ending;
    }
    return 'finished';
  }

  async #epoch(): Promise<Ending> {
    const { job, loaders } = this.#p;
    const { accumulate, validateEvery, schedule } = job.config;
    const batches = loaders.train.epoch({
      epoch: this.#state.epoch,
      shuffle: true,
      from: this.#state.batch,
    });
    try {
      // Controls are handled before a batch, never between the last one and validation, so that the
      // checkpoint of an epoch's last step includes its validation.
      while (this.#state.batch < loaders.train.batchesPerEpoch) {
        const control = await this.#handleControl();
        if (control !== null) return control;
        const started = performance.now();
        const group: ImageBatch[] = [];
        while (group.length < accumulate) {
          const next = await batches.next();
          if (next.done === true) break;
          group.push(next.value);
        }
        await this.#step(group, started, performance.now() - started);
      }
    } finally {
      await batches.return();
    }
    const finished = this.#state.epoch + 1;
    this.#state = { ...this.#state, epoch: finished, batch: 0 };
    const last = finished === schedule.epochs;
    const validates = loaders.val !== null && (last || finished % validateEvery === 0);
    const best = validates && (await this.#validate(loaders.val));
    const patience = Math.min(EPOCH_CHECKPOINT_SECONDS, job.config.checkpointEverySeconds);
    if (last || best || this.#secondsSinceSave() >= patience) await this.#save();
    return 'finished';
  }

  /**
   * Handles pause, stop, suspend and timed checkpoints between updates. Returns null to continue.
   */
  async #handleControl(): Promise<Ending | null> {
    const { channel, job } = this.#p;
    let control = await channel.pendingControl();
    if (control === 'pause') {
      await this.#save();
      control = await channel.whilePaused();
      this.#savedAt = performance.now();
    }
    if (control === 'stop') return 'stopped';
    if (control === 'suspend') return 'suspended';
    if (this.#secondsSinceSave() > job.config.checkpointEverySeconds) await this.#save();
    return null;
  }

  #secondsSinceSave(): number {
    return (performance.now() - this.#savedAt) / 1000;
  }

  async #step(group: readonly ImageBatch[], started: number, waited: number): Promise<void> {
    const { job, channel, preparing } = this.#p;
    const { config } = job;
    const { step, epoch, batch } = this.#state;
    for (const b of group)
      for (const p of b.problems) this.#report(this.#p.images.train[p.index]?.path ?? '', p.error);
    const learningRate = learningRateAt(
      step,
      this.#updatesPerEpoch,
      config.optimizer.learningRate,
      config.schedule,
    );
    const place = { epoch, batch, step, learningRate };
    if (this.#timeLeft.compiles) channel.progress('compiling', step, this.#updates);
    const { loss, gradientNorm, correct, seen } = await makeUpdate(this.#update, group, place);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new KarstError(
        'diverged',
        `The loss of the run "${job.runName}" is no longer a number at step ${String(step + 1)}.`,
        {
          hint: `Lower the learning rate (now ${String(config.optimizer.learningRate)}) or switch gradient clipping on; earlier checkpoints are kept.`,
        },
      );
    }
    const seconds = (performance.now() - started) / 1000;
    if (this.#timeLeft.compiles) {
      const images = waited / 1000;
      channel.emit({ type: 'first-step', ...preparing, images, xla: seconds - images });
    }
    this.#state = {
      ...this.#state,
      step: step + 1,
      batch: batch + group.length,
      seconds: this.#state.seconds + seconds,
    };
    const record = {
      kind: 'train',
      step: step + 1,
      epoch: epoch + (batch + group.length) / this.#p.loaders.train.batchesPerEpoch,
      loss,
      top1: seen === 0 ? 0 : correct / seen,
      learningRate,
      gradientNorm,
      imagesPerSecond: seen / seconds,
      waiting: Math.min(1, waited / 1000 / seconds),
    } as const;
    await this.#metrics.append(record);
    channel.emit({ type: 'metrics', record });
    this.#timeLeft.updated(seconds);
    const left = this.#timeLeft.seconds(this.#state);
    channel.progress('training', step + 1, this.#updates, left);
  }

  /** @returns whether the result is the best so far */
  async #validate(loader: BatchSource): Promise<boolean> {
    const { channel, job, task, session, images, targets } = this.#p;
    const { step, epoch, best } = this.#state;
    const total = images.val.length;
    const started = performance.now();
    channel.progress('validating', 0, total);
    const measuring = { task, classes: job.classes, targets: targets.val };
    const evaluation = await evaluate(session, loader, measuring, {
      onImage: (index, logits) => this.#validationSamples.take(index, logits),
      onUnreadable: (index, error) => this.#report(images.val[index]?.path ?? '', error),
      onBatch: (done) => channel.progress('validating', done, total),
    });
    const { top1, loss, metrics } = evaluation;
    const figures = { loss, top1, ...(metrics === undefined ? {} : { metrics }) };
    const better = isBetter(task.spec, figures, best);
    if (better) {
      await this.#checkpoints.saveBest(step, await this.#model.trained(), evaluation);
      this.#state = { ...this.#state, best: { step, epoch, ...figures }, epochsWithoutBest: 0 };
    } else {
      this.#state = {
        ...this.#state,
        epochsWithoutBest: this.#state.epochsWithoutBest + job.config.validateEvery,
      };
    }
    const record = { kind: 'validation', step, epoch, ...figures, best: better } as const;
    await this.#metrics.append(record);
    channel.emit({ type: 'metrics', record });
    const samples = this.#validationSamples.record(step, epoch);
    await this.#samples.append(samples);
    channel.emit({ type: 'samples', record: samples });
    this.#timeLeft.validated((performance.now() - started) / 1000);
    return better;
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now();
    if (this.#savedStep === this.#state.step) return;
    const { step, epoch, best } = this.#state;
    const path = await this.#checkpoints.save(
      this.#state,
      await this.#model.trained(),
      await this.#model.optimizer(),
    );
    await this.#checkpoints.prune(this.#p.job.config.keepCheckpoints, best);
    this.#savedStep = step;
    this.#p.channel.emit({ type: 'checkpoint', step, epoch, path });
  }

  async #outcome(ending: Ending): Promise<TrainingOutcome> {
    const stoppedEarly = ending === 'stopped';
    const { best } = this.#state;
    if (best === null) {
      return { state: this.#state, stoppedEarly, adapter: await this.#model.trained(), val: null };
    }
    const { adapter, evaluation } = await this.#checkpoints.loadBest(best.step);
    return { state: this.#state, stoppedEarly, adapter, val: evaluation };
  }

  /** Reports an unreadable image, once per session. */
  #report(path: string, error: ErrorReport): void {
    if (this.#reported.has(path)) return;
    this.#reported.add(path);
    this.#p.channel.emit({ type: 'unreadable', path, error });
  }
}
