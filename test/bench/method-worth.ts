import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FewShotHome } from './few-shot.ts';
import { pairedInterval, type Pair } from './paired-interval.ts';
import { deviation, mean } from './statistics.ts';

/**
 * What a backbone is worth with each method at its defaults, on few images a class.
 *
 *   node test/bench/method-worth.ts --home DIR --data DIR --backbone NAME
 *     [--sets hands,flowers,steel] [--methods linear,lora,karst,full] [--seeds 3] [--epochs 10]
 *     [--set imageSize=112 …]
 *
 * The backbone is one of the home's. For each set (a folder of class folders in DIR) and seed, 20
 * images a class train; half of the rest validate, which chooses the epoch; half test and are read
 * once. Prints top-1 on the test images as mean ± deviation over the seeds, and KARST's difference
 * to each other method over all sets with its 95 % interval, a bootstrap over seeds and images.
 * Finished runs are kept in the home and reused by later calls.
 */

const { values: options } = parseArgs({
  options: {
    home: { type: 'string' },
    data: { type: 'string' },
    backbone: { type: 'string' },
    sets: { type: 'string', default: 'hands,flowers,steel' },
    methods: { type: 'string', default: 'linear,lora,karst,full' },
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '10' },
    set: { type: 'string', multiple: true, default: ['imageSize=112', 'batchSize=16'] },
  },
});
const { home: homeFolder, data, backbone } = options;
if (homeFolder === undefined || data === undefined || backbone === undefined) {
  throw new Error('Usage: method-worth.ts --home DIR --data DIR --backbone NAME');
}
const home = new FewShotHome(resolve(homeFolder));
await mkdir(home.folder, { recursive: true });
const sets = options.sets.split(',');
const seeds = Array.from({ length: Number(options.seeds) }, (_, seed) => seed);
const methods = options.methods.split(',');

interface Trained {
  readonly adapter: string;
  readonly trainableParameters: number;
}

function train(method: string, set: string, seed: number): Promise<Trained> {
  const given = [String(backbone), `${options.epochs}e`, ...options.set].join('-');
  const name = `worth-${given.replaceAll(/[^\w.-]/g, '-')}-${method}-${set}-${String(seed)}`;
  const settings = [...options.set, `method=${method}`, `seed=${String(seed)}`];
  return home.once(
    name,
    async () =>
      (await home.karst(
        'train',
        ...['--backbone', String(backbone), '--dataset', `${set}-${String(seed)}`],
        ...['--name', name, '--epochs', options.epochs],
        ...settings.flatMap((setting) => ['--set', setting]),
      )) as Trained,
  );
}

/** By method, set and seed, whether each test image is named right. */
const hits = new Map(methods.map((method) => [method, sets.map((): boolean[][] => [])]));
const parameters = new Map<string, number>();
for (const set of sets) {
  for (const seed of seeds) await home.importProtocol(set, join(resolve(data), set), seed);
}
for (const seed of seeds) {
  for (const method of methods) {
    for (const [index, set] of sets.entries()) {
      const { adapter, trainableParameters } = await train(method, set, seed);
      parameters.set(method, trainableParameters);
      const right = await home.testHits(`${set}-${String(seed)}`, adapter);
      hits.get(method)?.[index]?.push(right);
      console.error(method, set, seed, mean(right.map(Number)));
    }
  }
}

const percent = (fraction: number) => (100 * fraction).toFixed(1);

/** The mean difference of KARST to a method over all sets, with its interval. */
function difference(method: string): string {
  const [others, ours] = [hits.get(method) ?? [], hits.get('karst') ?? []];
  if (method === 'karst' || ours.length === 0) return '';
  const pairs: Pair[][] = others.map((bySeed, set) =>
    bySeed.map((before, seed) => ({ before, after: ours[set]?.[seed] ?? [] })),
  );
  const [centre, low, high] = pairedInterval(pairs).map(percent);
  return `${centre ?? ''} [${low ?? ''}, ${high ?? ''}]`;
}

console.log(`| method | ${sets.join(' | ')} | KARST's difference | trained parameters |`);
console.log(`|---|${'---:|'.repeat(sets.length + 2)}`);
for (const method of methods) {
  const cells = (hits.get(method) ?? []).map((bySeed) => {
    const tops = bySeed.map((right) => mean(right.map(Number)));
    return `${percent(mean(tops))} ± ${percent(deviation(tops))}`;
  });
  const count = (parameters.get(method) ?? 0).toLocaleString('en');
  console.log(`| ${method} | ${cells.join(' | ')} | ${difference(method)} | ${count} |`);
}
