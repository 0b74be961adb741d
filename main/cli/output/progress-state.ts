import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import type { Progress } from '../../host/contract/watching.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';

export type Phase = Extract<EngineEvent, { type: 'progress' }>['phase'] | Progress['phase'];

const LABELS: Record<Phase, string> = {
  surveying: 'looking into folders',
  listing: 'listing images',
  checking: 'checking images',
  saving: 'saving',
  downloading: 'downloading',
  hashing: 'hashing',
  packing: 'packing',
  unpacking: 'unpacking',
  loading: 'loading the model',
  decoding: 'decoding images',
  features: 'computing features',
  compiling: 'compiling',
  training: 'training',
  measuring: 'measuring steps',
  validating: 'validating',
  evaluating: 'evaluating',
  predicting: 'predicting',
  merging: 'merging',
  verifying: 'verifying',
};

/** Phases that count bytes. */
const IN_BYTES: readonly Phase[] = ['downloading', 'hashing', 'packing', 'unpacking'];

/** Seconds before a phase's speed is used for an estimate. */
const SETTLING = 2;

type TrainRecord = Extract<MetricRecord, { kind: 'train' }>;

/** Progress of a job: phase, amount, latest training metrics. Clock in seconds. */
export class ProgressState {
  phase: Phase | null = null;
  done = 0;
  total = 0;
  #startedAt = 0;
  #startedWith = 0;
  #secondsLeft: number | null = null;
  #train: TrainRecord | null = null;
  /** Images per second, smoothed; null until a step has shown it. */
  #speed: number | null = null;
  /** Losses of the steps since the last validation. */
  #losses = { sum: 0, steps: 0 };
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Handles progress of the engine or the host; returns whether a new phase began. */
  update(progress: {
    phase: Phase;
    done: number;
    total: number;
    secondsLeft?: number | null;
  }): boolean {
    const begins = progress.phase !== this.phase || progress.done < this.done;
    if (begins) {
      this.#startedAt = this.#clock();
      this.#startedWith = progress.done;
    }
    this.phase = progress.phase;
    this.done = progress.done;
    this.total = progress.total;
    this.#secondsLeft = progress.secondsLeft ?? null;
    return begins;
  }

  metrics(record: MetricRecord): void {
    if (record.kind === 'validation') {
      this.#losses = { sum: 0, steps: 0 };
      return;
    }
    // The first step compiles, and an epoch's last batch is often a small one.
    if (this.#train !== null && !Number.isInteger(record.epoch)) {
      const { imagesPerSecond: now } = record;
      this.#speed = this.#speed === null ? now : 0.8 * this.#speed + 0.2 * now;
    }
    this.#train = record;
    this.#losses = { sum: this.#losses.sum + record.loss, steps: this.#losses.steps + 1 };
  }

  /** Mean of the steps since the last validation; null before the first step. */
  get trainingLoss(): number | null {
    const { sum, steps } = this.#losses;
    return steps === 0 ? null : sum / steps;
  }

  get label(): string {
    return this.phase === null ? 'starting' : LABELS[this.phase];
  }

  get fraction(): number {
    return this.total > 0 ? Math.min(1, this.done / this.total) : 0;
  }

  /** "120 of 600", "1.2 GB of 3.4 GB", "1,797" while the total is not known. */
  get amount(): string {
    const format = this.phase !== null && IN_BYTES.includes(this.phase) ? formatBytes : formatCount;
    return this.total > 0 ? `${format(this.done)} of ${format(this.total)}` : format(this.done);
  }

  /** The engine's own estimate, or one from this phase's speed so far; null while there is none. */
  get secondsLeft(): number | null {
    if (this.#secondsLeft !== null) return this.#secondsLeft;
    const seconds = this.#clock() - this.#startedAt;
    const gained = this.done - this.#startedWith;
    if (this.total <= 0 || gained <= 0 || seconds < SETTLING) return null;
    return ((this.total - this.done) * seconds) / gained;
  }

  /** "loss 0.412, top-1 91.4 %, 184 images/s, 3 min 20 s left", as far as known. */
  get details(): string {
    const parts: string[] = [];
    if (this.phase === 'training' && this.#train !== null) {
      const { loss, top1 } = this.#train;
      parts.push(`loss ${formatNumber(loss)}`, `top-1 ${formatPercent(top1)}`);
      if (this.#speed !== null) parts.push(`${formatNumber(this.#speed)} images/s`);
    }
    const left = this.secondsLeft;
    if (left !== null && this.done < this.total) parts.push(`${formatDuration(left)} left`);
    return parts.join(', ');
  }
}

/**
 * The line printed after each validation.
 * @param epochs of the run; null when unknown
 * @param trainingLoss mean over the steps before it; null without one
 */
export function validationLine(
  record: Extract<MetricRecord, { kind: 'validation' }>,
  epochs: number | null,
  trainingLoss: number | null,
): string {
  const epoch = epochs === null ? `${record.epoch}` : `${record.epoch} of ${epochs}`;
  const learned = trainingLoss === null ? '' : `training loss ${formatNumber(trainingLoss)}, `;
  const best = record.best ? ', best so far' : '';
  return `epoch ${epoch}: ${learned}validation loss ${formatNumber(record.loss)}, top-1 ${formatPercent(record.top1)}${best}`;
}
