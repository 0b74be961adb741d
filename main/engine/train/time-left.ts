import { Pace } from './pace.ts';

interface WholeTraining {
  readonly epochs: number;
  readonly updates: number;
  /** Epochs between validations. */
  readonly validateEvery: number;
}

/** How long the rest of a training takes, by the updates and validations of this session. */
export class TimeLeft {
  readonly #whole: WholeTraining;
  /** Without the update that compiles. */
  readonly #updates = new Pace();
  readonly #validations = new Pace();
  #compiles = true;

  constructor(whole: WholeTraining) {
    this.#whole = whole;
  }

  /** Whether the next update is the session's first, which compiles before it computes. */
  get compiles(): boolean {
    return this.#compiles;
  }

  /** An update took so many seconds. */
  updated(seconds: number): void {
    // The one that compiles is not representative.
    if (!this.#compiles) this.#updates.add(seconds);
    this.#compiles = false;
  }

  /** A validation took so many seconds. */
  validated(seconds: number): void {
    this.#validations.add(seconds);
  }

  /** Seconds that are left where so many updates and epochs are done; null before there is a pace. */
  seconds({ step, epoch }: { readonly step: number; readonly epoch: number }): number | null {
    const each = this.#updates.secondsPerUnit;
    if (each === null) return null;
    const { epochs, updates, validateEvery } = this.#whole;
    const validations = Math.ceil(epochs / validateEvery) - Math.floor(epoch / validateEvery);
    return (updates - step) * each + validations * (this.#validations.secondsPerUnit ?? 0);
  }
}
