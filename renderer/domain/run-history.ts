import type { MetricRecord } from '../../shared/domain/metrics.ts';
import { type EpochWaiting, WaitingAccumulator } from '../../shared/domain/waiting.ts';
import { Column, lowerBound } from './column.ts';

type TrainRecord = Extract<MetricRecord, { kind: 'train' }>;
type ValidationRecord = Extract<MetricRecord, { kind: 'validation' }>;

const TRAIN_FIELDS = [
  'step',
  'epoch',
  'loss',
  'top1',
  'learningRate',
  'imagesPerSecond',
  'waiting',
] as const satisfies readonly (keyof TrainRecord)[];
const VALIDATION_FIELDS = [
  'step',
  'epoch',
  'loss',
  'top1',
] as const satisfies readonly (keyof ValidationRecord)[];

type Columns<F extends string> = Readonly<Record<F, Column>>;

function columns<F extends string>(fields: readonly F[]): Columns<F> {
  return Object.fromEntries(fields.map((field) => [field, new Column()])) as Record<F, Column>;
}

function append<F extends string>(to: Columns<F>, record: Readonly<Record<F, number>>): void {
  for (const field of Object.keys(to) as F[]) to[field].push(record[field]);
}

/** Removes records from `step` on. */
function cut<F extends 'step'>(from: Columns<F | 'step'>, step: number): void {
  const length = lowerBound(from.step.view(), step);
  for (const column of Object.values<Column>(from)) column.truncate(length);
}

/**
 * A run's records by column, ordered by step. Records may arrive twice (a page overlaps with
 * events) or go back (a resumed run repeats the steps since its checkpoint): newer ones replace
 * older ones and remove later ones.
 */
export class RunHistory {
  readonly train: Columns<(typeof TRAIN_FIELDS)[number]> = columns(TRAIN_FIELDS);
  readonly validation: Columns<(typeof VALIDATION_FIELDS)[number]> = columns(VALIDATION_FIELDS);
  /** The validations themselves, with what their task measures besides. */
  #validations: readonly ValidationRecord[] = [];

  /** The newest step; 0 before the first. */
  get lastStep(): number {
    return Math.max(this.train.step.last ?? 0, this.validation.step.last ?? 0);
  }

  /** Whether steps are missing between the history and these records. */
  misses(records: readonly MetricRecord[]): boolean {
    const [first] = records;
    if (first === undefined) return false;
    return first.step > this.lastStep + (first.kind === 'train' ? 1 : 0);
  }

  append(records: readonly MetricRecord[]): void {
    for (const record of records) {
      if (record.kind === 'train') {
        if (record.step <= this.lastStep) {
          cut(this.train, record.step);
          this.#cutValidations(record.step);
        }
        append(this.train, record);
      } else {
        // The training record of the same step precedes it and stays.
        this.#cutValidations(record.step);
        append(this.validation, record);
        this.#validations = [...this.#validations, record];
      }
    }
  }

  clear(): void {
    cut(this.train, 0);
    this.#cutValidations(0);
  }

  /** Index of the best validation, as its task has it: the newest that was the best so far; -1 before the first. */
  best(): number {
    for (let i = this.#validations.length - 1; i >= 0; i--)
      if (this.#validations[i]?.best === true) return i;
    return -1;
  }

  get validations(): readonly ValidationRecord[] {
    return this.#validations;
  }

  get bestValidation(): ValidationRecord | null {
    return this.#validations[this.best()] ?? null;
  }

  get lastValidation(): ValidationRecord | null {
    return this.#validations[this.#validations.length - 1] ?? null;
  }

  #cutValidations(step: number): void {
    cut(this.validation, step);
    this.#validations = this.#validations.slice(0, this.validation.step.view().length);
  }

  /** Time spent in steps so far, without pauses and validations; null before the first step. */
  trainingSeconds(trainImages: number): number | null {
    const epoch = this.train.epoch.view();
    const rate = this.train.imagesPerSecond.view();
    let seconds = 0;
    let before = 0;
    for (let i = 0; i < epoch.length; i++) {
      if (rate[i]! > 0) seconds += ((epoch[i]! - before) * trainImages) / rate[i]!;
      before = epoch[i]!;
    }
    return epoch.length === 0 ? null : seconds;
  }

  /** Time that the steps of each epoch waited for images. */
  waiting(trainImages: number, batchSize: number): readonly EpochWaiting[] {
    const epoch = this.train.epoch.view();
    const rate = this.train.imagesPerSecond.view();
    const waiting = this.train.waiting.view();
    const tally = new WaitingAccumulator(trainImages, batchSize);
    for (let i = 0; i < epoch.length; i++) tally.add(epoch[i]!, rate[i]!, waiting[i]!);
    return tally.epochs;
  }
}
