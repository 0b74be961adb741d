import { parseArgs } from 'node:util';
import { modelNames, type ModelName } from './models.ts';

/** What `npm run bench` was asked for. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly only: string | undefined;
  readonly keep: boolean;
  readonly device: 'cpu' | 'gpu';
  readonly isa: string | undefined;
  readonly json: boolean;
  /** Value of `--models`. */
  readonly models: string | undefined;
  readonly chosen: readonly ModelName[] | null;
  /** Counted turns of each comparison; null for each one's own. */
  readonly turns: number | null;
  readonly job: JobOptions | null;
}

/** The whole job: what to train, and how much of it. */
export interface JobOptions {
  /** A Hugging Face folder, or a folder or file of timm's. */
  readonly backbone: string;
  /** A folder with the sets, each a folder of class folders. */
  readonly data: string;
  /** Sets that are taken, with the side of their images in pixels. */
  readonly sets: readonly JobSet[];
  /** Turns in which epochs and first steps are timed. */
  readonly turns: number;
}

export interface JobSet {
  readonly name: string;
  readonly size: number;
  readonly epochs: number;
  /** Runs that time to accuracy is measured with; 0: it is not. */
  readonly seeds: number;
}

const JOB_SETS = 'hands:112,flowers:224';
const JOB_EPOCHS = 12;
const JOB_SEEDS = 3;
const JOB_TURNS = 3;

/** @throws if an option is unknown or its value is not one that it takes */
export function benchOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
      device: { type: 'string', default: 'cpu' },
      isa: { type: 'string' },
      json: { type: 'boolean', default: false },
      models: { type: 'string' },
      turns: { type: 'string' },
      backbone: { type: 'string' },
      data: { type: 'string' },
      sets: { type: 'string', default: JOB_SETS },
      epochs: { type: 'string' },
      seeds: { type: 'string' },
    },
  });
  const { quick, only, keep, device, isa, json, models, backbone, data } = values;
  if (device !== 'cpu' && device !== 'gpu') throw new Error('--device is cpu or gpu');
  if (isa !== undefined && device === 'gpu')
    throw new Error('--isa holds processors: it does not go with --device gpu');
  if (keep && only === undefined) throw new Error('--keep goes with --only: a whole run is kept');
  if (only === 'job' && (backbone === undefined || data === undefined))
    throw new Error('--only job takes --backbone DIR and --data DIR');
  const turns = values.turns === undefined ? null : whole('--turns', values.turns);
  const job =
    backbone === undefined || data === undefined
      ? null
      : {
          ...{ backbone, data, turns: turns ?? JOB_TURNS },
          sets: setsOf(values.sets, {
            epochs: values.epochs === undefined ? JOB_EPOCHS : whole('--epochs', values.epochs),
            seeds: values.seeds === undefined ? JOB_SEEDS : whole('--seeds', values.seeds, 0),
          }),
        };
  const chosen = modelNames(models);
  return { quick, only, keep, device, isa, json, models, chosen, turns, job };
}

function whole(option: string, text: string, least = 1): number {
  if (!/^(?:0|[1-9]\d*)$/.test(text) || Number(text) < least)
    throw new Error(`${option} is a whole number from ${String(least)}, not "${text}"`);
  return Number(text);
}

function setsOf(text: string, usual: Pick<JobSet, 'epochs' | 'seeds'>): JobSet[] {
  return text.split(',').map((word) => {
    const [, name, size, epochs, seeds] =
      /^([\w.-]+):([1-9]\d*)(?::([1-9]\d*)(?::(\d+))?)?$/.exec(word) ?? [];
    if (name === undefined || size === undefined)
      throw new Error(
        `--sets takes NAME:PIXELS[:EPOCHS[:SEEDS]], separated by commas, not "${word}"`,
      );
    return {
      ...{ name, size: Number(size) },
      epochs: epochs === undefined ? usual.epochs : Number(epochs),
      seeds: seeds === undefined ? usual.seeds : Number(seeds),
    };
  });
}
