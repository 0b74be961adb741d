import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Few-shot experiments: draws few images a class and trains on them with the command line, in a
 * home that keeps finished runs.
 */

const KARST = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const run = promisify(execFile);

export type SplitOf = (position: number, images: number) => 'train' | 'val' | 'test';

const PER_CLASS = 20;

/** The split of every table of accuracy: 20 images a class train; half of the rest validate, half test. */
const PROTOCOL: SplitOf = (position, images) => {
  if (position < PER_CLASS) return 'train';
  return position < PER_CLASS + Math.ceil((images - PER_CLASS) / 2) ? 'val' : 'test';
};

export class FewShotHome {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Returns the last object that a command prints with `--json`. */
  async karst(...args: string[]): Promise<unknown> {
    const { stdout } = await run(
      process.execPath,
      [KARST, '--home', this.folder, '--json', ...args],
      { maxBuffer: 2 ** 28 },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  }

  /**
   * Imports a folder of class folders, each class shuffled by the seed and split by `splitOf` of
   * each position. Does nothing if a dataset of that name exists.
   */
  async importDrawn(name: string, folder: string, seed: number, splitOf: SplitOf): Promise<string> {
    const dataset = `${name}-${String(seed)}`;
    const known = (await this.karst('dataset', 'list')) as { name: string }[];
    if (known.some((d) => d.name === dataset)) return dataset;
    const lines: string[] = [];
    for (const label of (await readdir(folder)).sort()) {
      const files = drawn((await readdir(join(folder, label))).sort(), seed);
      files.forEach((file, i) => {
        const split = splitOf(i, files.length);
        lines.push(JSON.stringify({ file_name: join(folder, label, file), label, split }));
      });
    }
    const list = this.listOf(dataset);
    await writeFile(list, `${lines.join('\n')}\n`);
    await this.karst('dataset', 'add', list, '--name', dataset);
    return dataset;
  }

  /** Imports a folder of class folders under the protocol of the tables. Returns the name. */
  importProtocol(name: string, folder: string, seed: number): Promise<string> {
    return this.importDrawn(name, folder, seed, PROTOCOL);
  }

  /** For each test image of a drawn dataset, in list order, whether the top prediction is its class. */
  async testHits(dataset: string, adapter: string): Promise<boolean[]> {
    const lines = (await readFile(this.listOf(dataset), 'utf8')).trim().split('\n');
    const images = lines
      .map((line) => JSON.parse(line) as { file_name: string; label: string; split: string })
      .filter(({ split }) => split === 'test');
    const predicted = await this.once(`test-${adapter}`, async () => {
      const paths = images.map(({ file_name: path }) => path);
      const rows = (await this.karst('predict', adapter, ...paths, '--top', '1')) as {
        path: string;
        predictions: { label: string }[];
      }[];
      return Object.fromEntries(rows.map(({ path, predictions }) => [path, predictions[0]?.label]));
    });
    return images.map(({ file_name: path, label }) => predicted[path] === label);
  }

  /** The list file that a drawn dataset was imported from. */
  listOf(dataset: string): string {
    return join(this.folder, `${dataset}.jsonl`);
  }

  /** Returns the stored result for this name, or calls `make` and stores its result. */
  async once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const file = join(this.folder, `${name}.json`);
    if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as T;
    const made = await make();
    await writeFile(file, JSON.stringify(made));
    return made;
  }
}

/** Shuffles the files by the output of a linear congruential generator. */
function drawn(files: readonly string[], seed: number): string[] {
  let state = (seed + 1) * 7919;
  const keyed = files.map((file) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return { file, key: state };
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ file }) => file);
}
