import type { MetricRecord } from './metrics.ts';

/** Time of one epoch's training steps, and how much of it was spent waiting for images. */
export interface EpochWaiting {
  /** From 1. */
  readonly epoch: number;
  readonly seconds: number;
  readonly waitedSeconds: number;
}

/** The first epoch, in which images are decoded, separate from the later ones. */
export interface WaitingSummary {
  readonly first: Omit<EpochWaiting, 'epoch'>;
  /** Null with a single epoch. */
  readonly later: Omit<EpochWaiting, 'epoch'> | null;
}

/** Tolerance: epochs are floating-point numbers. */
const ROUNDING = 1e-9;

/** Accumulates the waiting times of a run's training records, in order. */
export class WaitingAccumulator {
  readonly #trainImages: number;
  readonly #batchSize: number;
  readonly #epochs: { epoch: number; seconds: number; waitedSeconds: number }[] = [];
  #images = 0;

  constructor(trainImages: number, batchSize: number) {
    this.#trainImages = trainImages;
    this.#batchSize = batchSize;
  }

  /**
   * @param epoch how far the run was after the step, in epochs with fractions
   * @param imagesPerSecond of the step
   * @param waiting fraction of the step's time, 0..1
   */
  add(epoch: number, imagesPerSecond: number, waiting: number): void {
    const images = this.#imagesUntil(epoch);
    const seen = images - this.#images;
    this.#images = images;
    if (imagesPerSecond <= 0) return;
    const seconds = seen / imagesPerSecond;
    const number = Math.ceil(epoch - ROUNDING);
    let last = this.#epochs.at(-1);
    if (last?.epoch !== number) {
      last = { epoch: number, seconds: 0, waitedSeconds: 0 };
      this.#epochs.push(last);
    }
    last.seconds += seconds;
    last.waitedSeconds += waiting * seconds;
  }

  get epochs(): readonly EpochWaiting[] {
    return this.#epochs;
  }

  /** The last batch of an epoch may be smaller. */
  #imagesUntil(epoch: number): number {
    const whole = Math.floor(epoch + ROUNDING);
    const batches = Math.round((epoch - whole) * Math.ceil(this.#trainImages / this.#batchSize));
    return whole * this.#trainImages + Math.min(this.#trainImages, batches * this.#batchSize);
  }
}

/** @param records of a run, in the order of steps */
export function waitingByEpoch(
  records: readonly MetricRecord[],
  trainImages: number,
  batchSize: number,
): readonly EpochWaiting[] {
  const tally = new WaitingAccumulator(trainImages, batchSize);
  for (const record of records)
    if (record.kind === 'train') tally.add(record.epoch, record.imagesPerSecond, record.waiting);
  return tally.epochs;
}

/** Null before the first step. */
export function summariseWaiting(epochs: readonly EpochWaiting[]): WaitingSummary | null {
  const [first, ...later] = epochs;
  if (first === undefined) return null;
  const sum = (of: 'seconds' | 'waitedSeconds'): number =>
    later.reduce((total, epoch) => total + epoch[of], 0);
  return {
    first: { seconds: first.seconds, waitedSeconds: first.waitedSeconds },
    later:
      later.length === 0 ? null : { seconds: sum('seconds'), waitedSeconds: sum('waitedSeconds') },
  };
}

/** Of the time of the steps, 0..1. */
export function waitingShare({ seconds, waitedSeconds }: Omit<EpochWaiting, 'epoch'>): number {
  return seconds === 0 ? 0 : waitedSeconds / seconds;
}
