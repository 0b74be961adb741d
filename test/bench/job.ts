import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FewShotHome } from './few-shot.ts';
import { runOurs, runScript, type JobRun, type OurRun, type ScriptRun } from './job-runs.ts';
import { jobTables, type JobAccuracy, type JobRow, type Reached } from './job-tables.ts';
import { bestOf, chosenRate, epochOf, medianStart, splitOf, timeTo } from './job-figures.ts';
import { waitForQuiet } from './machine.ts';
import type { JobOptions, JobSet } from './options.ts';
import { median } from './statistics.ts';
import type { Say, Section } from './table.ts';

/**
 * The whole job, from files to figures: `karst train` beside a plain script of timm and PEFT LoRA
 * (`peers/job_peer.py`), alternating, on the same images, split, batch and epochs.
 */

/** The better on validation counts. */
const SCRIPT_RATES = [1e-3, 3e-3] as const;
/** The faster counts. */
const SCRIPT_WORKERS = [0, 1] as const;
/** Epochs of a run that times them: the first one compiles and decodes. */
const TIMED_EPOCHS = 3;
/** Fraction of the images of each class that train. */
const TRAIN_FRACTION = 0.8;
/** Fraction of the script's best accuracy whose time is measured. */
const TARGET = 0.95;
const PATIENCE_MS = 20_000;

export async function measureJob(python: string, options: JobOptions, say: Say): Promise<Section> {
  const rows: JobRow[] = [];
  for (const set of options.sets) rows.push(await new Job(python, options, set, say).measure());
  return { results: rows, markdown: jobTables(rows) };
}

class Job {
  readonly #python: string;
  readonly #o: JobOptions;
  readonly #set: JobSet;
  readonly #say: Say;
  readonly #folder = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  readonly #home = new FewShotHome(this.#folder);

  constructor(python: string, options: JobOptions, set: JobSet, say: Say) {
    this.#python = python;
    this.#o = options;
    this.#set = set;
    this.#say = say;
  }

  async measure(): Promise<JobRow> {
    try {
      const { name: set, size, epochs, seeds } = this.#set;
      const { turns } = this.#o;
      const addingSeconds = await this.#add();
      const timed = await this.#timed();
      const accuracy = seeds === 0 ? null : await this.#accuracy(timed.workers, addingSeconds);
      return { set, size, epochs, seeds, turns, addingSeconds, ...timed, accuracy };
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  get #dataset(): string {
    return `${this.#set.name}-0`;
  }

  /** @returns seconds */
  async #add(): Promise<number> {
    const began = performance.now();
    const images = join(resolve(this.#o.data), this.#set.name);
    await this.#home.importDrawn(this.#set.name, images, 0, (position, count) =>
      position < Math.round(TRAIN_FRACTION * count) ? 'train' : 'val',
    );
    await this.#home.karst('backbone', 'add', resolve(this.#o.backbone), '--name', 'job');
    return (performance.now() - began) / 1000;
  }

  async #timed(): Promise<Pick<JobRow, 'epochSeconds' | 'workers' | 'firstStep' | 'split'>> {
    const epochs = Math.min(TIMED_EPOCHS, this.#set.epochs);
    const cold: JobRun[] = [];
    const warm: JobRun[] = [];
    const script: JobRun[][] = SCRIPT_WORKERS.map(() => []);
    for (let turn = 0; turn < this.#o.turns; turn++) {
      const shared = { epochs, seed: turn };
      cold.push(await this.#ours({ ...shared, rate: null, sampled: false }, 'empty'));
      const last = turn === this.#o.turns - 1;
      warm.push(await this.#ours({ ...shared, rate: null, sampled: last }, 'kept'));
      for (const [i, workers] of SCRIPT_WORKERS.entries())
        script[i]?.push(await this.#script({ ...shared, rate: SCRIPT_RATES[0], workers }));
    }
    const byWorkers = script.map(epochOf);
    const faster = byWorkers.indexOf(Math.min(...byWorkers));
    return {
      epochSeconds: { ours: epochOf(warm), script: byWorkers },
      workers: SCRIPT_WORKERS[faster] ?? 0,
      firstStep: {
        cold: medianStart(cold),
        warm: medianStart(warm),
        script: median((script[faster] ?? []).map((run) => run.firstStep)),
      },
      split: splitOf(warm),
    };
  }

  async #accuracy(workers: number, addingSeconds: number): Promise<JobAccuracy> {
    const { epochs, seeds } = this.#set;
    const byRate: JobRun[][] = SCRIPT_RATES.map(() => []);
    const defaults: JobRun[] = [];
    const atRate: JobRun[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      for (const [i, rate] of SCRIPT_RATES.entries())
        byRate[i]?.push(await this.#script({ epochs, seed, rate, workers }));
      defaults.push(await this.#ours({ epochs, seed, rate: null, sampled: false }, 'empty'));
    }
    const chosen = chosenRate(byRate);
    const script = byRate[chosen] ?? [];
    const rate = SCRIPT_RATES[chosen] ?? SCRIPT_RATES[0];
    for (let seed = 0; seed < seeds; seed++)
      atRate.push(await this.#ours({ epochs, seed, rate, sampled: false }, 'empty'));
    const targets = script.map((run) => TARGET * bestOf(run));
    const reached = (runs: readonly JobRun[], before: number): Reached => ({
      best: median(runs.map(bestOf)),
      seconds: timeTo(runs, targets, before),
    });
    return {
      rate,
      script: reached(script, 0),
      defaults: reached(defaults, addingSeconds),
      atRate: reached(atRate, addingSeconds),
    };
  }

  async #ours(
    run: Pick<OurRun, 'epochs' | 'seed' | 'rate' | 'sampled'>,
    cache: 'empty' | 'kept',
  ): Promise<JobRun> {
    const folder = join(this.#folder, 'cache');
    if (cache === 'empty') rmSync(folder, { recursive: true, force: true });
    await waitForQuiet(PATIENCE_MS);
    const found = await runOurs({
      ...{ home: this.#folder, dataset: this.#dataset, backbone: 'job' },
      ...{ size: this.#set.size, cache: folder, ...run },
    });
    this.#report(`ours, cache ${cache}`, found);
    return found;
  }

  async #script(run: Pick<ScriptRun, 'epochs' | 'seed' | 'rate' | 'workers'>): Promise<JobRun> {
    await waitForQuiet(PATIENCE_MS);
    const found = await runScript({
      ...{ python: this.#python, backbone: resolve(this.#o.backbone) },
      ...{ list: this.#home.listOf(this.#dataset), size: this.#set.size, ...run },
    });
    this.#report(`script, rate ${String(run.rate)}, workers ${String(run.workers)}`, found);
    return found;
  }

  #report(what: string, run: JobRun): void {
    const { name, size } = this.#set;
    const seconds = `first step ${run.firstStep.toFixed(1)} s, epoch ${epochOf([run]).toFixed(1)} s`;
    const best = `best top-1 ${(100 * bestOf(run)).toFixed(1)} %`;
    this.#say(`${name} at ${String(size)}, ${what}: ${seconds}, ${best}`);
  }
}
