import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ADAPTER_WEIGHTS } from '../../main/formats/adapter-folder.ts';
import {
  readAllFloat32,
  SafetensorsFile,
  writeSafetensors,
} from '../../main/formats/safetensors.ts';
import { FewShotHome } from './few-shot.ts';
import { pairedInterval, type Pair } from './paired-interval.ts';
import { deviation, mean } from './statistics.ts';

/**
 * Whether averaging the trained weights over the last epochs makes better adapters than the best
 * epoch.
 *
 *   node test/bench/weight-averaging.ts --home DIR --data DIR [--sets hands,flowers,steel]
 *     [--methods karst,full] [--seeds 3] [--epochs 20] [--last 5] [--backbone starter]
 *     [--set key=value …]
 *
 * Data are split as for the defaults. Each method is trained with its defaults, and keeps its
 * checkpoints; those of the last epochs are averaged as parameters, the factors of KARST too, and
 * imported as an adapter. Both are compared on the test images, with a bootstrap over seeds and
 * images. Finished runs are kept in the home and reused by later calls. Prints a Markdown table.
 */

interface Trained {
  readonly run: string;
  readonly adapter: string;
}

const { values: options } = parseArgs({
  options: {
    home: { type: 'string' },
    data: { type: 'string' },
    sets: { type: 'string', default: 'hands,flowers,steel' },
    methods: { type: 'string', default: 'karst,full' },
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '20' },
    last: { type: 'string', default: '5' },
    backbone: { type: 'string', default: 'starter' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (options.home === undefined || options.data === undefined) {
  throw new Error('Usage: weight-averaging.ts --home DIR --data DIR');
}
const home = new FewShotHome(resolve(options.home));
const data = resolve(options.data);
await mkdir(home.folder, { recursive: true });
const sets = options.sets.split(',');
const seeds = Array.from({ length: Number(options.seeds) }, (_, seed) => seed);
const last = Number(options.last);

function train(method: string, dataset: string, name: string, seed: number): Promise<Trained> {
  const settings = [
    ...[`method=${method}`, `seed=${String(seed)}`],
    // An epoch that takes less than a second may leave no checkpoint.
    ...['keepCheckpoints=1000', 'checkpointEverySeconds=1', 'validateEvery=1'],
    ...options.set,
  ];
  return home.once(name, async () => {
    const done = await home.karst(
      'train',
      ...['--backbone', options.backbone, '--dataset', dataset, '--name', name],
      ...['--epochs', options.epochs],
      ...settings.flatMap((setting) => ['--set', setting]),
    );
    return done as Trained;
  });
}

/** The checkpoints at the ends of the last epochs, of those that were written. */
async function lastCheckpoints(run: string): Promise<string[]> {
  const { folder } = (await home.karst('runs', 'show', run)) as { folder: string };
  const checkpoints = join(folder, 'checkpoints');
  const found: { readonly path: string; readonly epoch: number }[] = [];
  for (const name of await readdir(checkpoints)) {
    if (!name.startsWith('step-')) continue;
    const path = join(checkpoints, name);
    const text = await readFile(join(path, 'state.json'), 'utf8');
    const { epoch, batch } = JSON.parse(text) as { epoch: number; batch: number };
    if (batch === 0) found.push({ path, epoch });
  }
  const newest = Math.max(...found.map(({ epoch }) => epoch));
  const used = found.filter(({ epoch }) => epoch > newest - last).map(({ path }) => path);
  if (used.length < Math.ceil(last / 2)) {
    throw new Error(
      `${run} has ${String(used.length)} checkpoints of its last ${String(last)} epochs.`,
    );
  }
  return used;
}

/** Means of tensors by name. */
async function averaged(folders: readonly string[]): Promise<Map<string, Float32Array>> {
  const sums = new Map<string, Float64Array>();
  for (const folder of folders) {
    for (const [name, values] of await readAllFloat32(join(folder, 'adapter.safetensors'))) {
      const sum = sums.get(name) ?? new Float64Array(values.length);
      values.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
      sums.set(name, sum);
    }
  }
  return new Map(
    [...sums].map(([name, sum]) => [name, Float32Array.from(sum, (one) => one / folders.length)]),
  );
}

/** Imports the averaged weights as an adapter; returns its id. */
async function importAveraged({ run, adapter }: Trained, name: string): Promise<string> {
  const { id } = await home.once(`averaged-${name}`, async () => {
    const means = await averaged(await lastCheckpoints(run));
    const { folder } = (await home.karst('adapter', 'show', adapter)) as { folder: string };
    const copy = join(home.folder, 'averaged', name);
    await cp(folder, copy, { recursive: true });
    const weights = join(copy, ADAPTER_WEIGHTS);
    const file = await SafetensorsFile.open(weights);
    const metadata = Object.fromEntries(file.metadata);
    const tensors = [...file.tensors].map(([tensor, { shape }]) => {
      const values = means.get(tensor);
      if (values === undefined) throw new Error(`The checkpoints of ${run} have no ${tensor}.`);
      return { name: tensor, dtype: 'F32' as const, shape, data: values };
    });
    await file.close();
    await writeSafetensors(weights, tensors, metadata);
    return (await home.karst('adapter', 'import', copy, '--name', `${name}-averaged`)) as {
      id: string;
    };
  });
  return id;
}

const percent = (fraction: number) => (100 * fraction).toFixed(1);

const rows = [
  `| method |${sets.map((set) => ` ${set}: best epoch | averaged |`).join('')} averaged − best |`,
  `|---|${'---:|'.repeat(2 * sets.length + 1)}`,
];
for (const method of options.methods.split(',')) {
  const pairs: Pair[][] = [];
  for (const set of sets) {
    const bySeed: Pair[] = [];
    for (const seed of seeds) {
      const dataset = await home.importProtocol(set, join(data, set), seed);
      const name = `${method}-${dataset}`;
      const trained = await train(method, dataset, name, seed);
      const pair = {
        before: await home.testHits(dataset, trained.adapter),
        after: await home.testHits(dataset, await importAveraged(trained, name)),
      };
      console.error(name, mean(pair.before.map(Number)), mean(pair.after.map(Number)));
      bySeed.push(pair);
    }
    pairs.push(bySeed);
  }
  const cells = pairs.flatMap((bySeed) =>
    (['before', 'after'] as const).map((which) => {
      const tops = bySeed.map((pair) => mean(pair[which].map(Number)));
      return ` ${percent(mean(tops))} ± ${percent(deviation(tops))} |`;
    }),
  );
  const [centre, low, high] = pairedInterval(pairs);
  rows.push(
    `| ${method} |${cells.join('')} ${percent(centre)} [${percent(low)}, ${percent(high)}] |`,
  );
}
console.log(rows.join('\n'));
