import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FewShotHome } from './few-shot.ts';
import { pairedInterval, type Pair } from './paired-interval.ts';
import { deviation, mean } from './statistics.ts';

/**
 * Chooses each method's default learning rate and augmentation, and reports how far it is from the
 * best of a small search.
 *
 *   node test/bench/method-defaults.ts --home DIR --data DIR [--sets hands,flowers,steel]
 *     [--methods karst,lora,linear,full] [--seeds 3] [--epochs 30] [--backbone starter]
 *     [--set key=value …] [--default RATE[:AUGMENTATION]]
 *
 * For each set (a folder of class folders in DIR) and seed, 20 images a class train; half of the
 * rest validate and half test. The search tries every rate without augmentation, then every
 * augmentation at the best rate, each on every set and seed. The default is the candidate with the
 * best mean validation accuracy over sets and seeds; the best of the search is chosen for each set
 * and seed on its validation images. The two are then compared on the test images, which are used
 * for nothing else. With --default that candidate is tried as well and is the default, whatever
 * validation says. The interval is a bootstrap over seeds and images.
 * Finished runs are kept in the home and reused by later calls. Prints Markdown tables.
 */

const RATES: Readonly<Record<string, readonly number[]>> = {
  karst: [0.001, 0.003, 0.01],
  lora: [0.001, 0.003, 0.01],
  linear: [0.003, 0.01, 0.03],
  full: [0.0001, 0.0003, 0.001],
};

interface Augmentation {
  readonly name: string;
  readonly settings: readonly string[];
  readonly flips: boolean;
}
const AUGMENTATIONS: readonly Augmentation[] = [
  {
    name: 'none',
    settings: ['augmentation.cropScaleMin=1', 'augmentation.flip=false'],
    flips: false,
  },
  {
    name: 'crop',
    settings: ['augmentation.cropScaleMin=0.6', 'augmentation.flip=false'],
    flips: false,
  },
  {
    name: 'crop and flip',
    settings: ['augmentation.cropScaleMin=0.6', 'augmentation.flip=true'],
    flips: true,
  },
];
/** Sets whose classes are digits: flipping one changes its meaning. */
const UNFLIPPED = new Set(['hands']);

interface Candidate {
  readonly rate: number;
  readonly augmentation: Augmentation;
}

function candidateOf(text: string): Candidate {
  const [rate, name = 'none'] = text.split(':');
  const augmentation = AUGMENTATIONS.find((known) => known.name === name);
  if (augmentation === undefined) throw new Error(`There is no augmentation ${name}.`);
  return { rate: Number(rate), augmentation };
}

interface Trained {
  readonly adapter: string;
  readonly metrics: { readonly val: { readonly top1: number } };
}

const { values: options } = parseArgs({
  options: {
    home: { type: 'string' },
    data: { type: 'string' },
    sets: { type: 'string', default: 'hands,flowers,steel' },
    methods: { type: 'string', default: Object.keys(RATES).join() },
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '30' },
    backbone: { type: 'string', default: 'starter' },
    set: { type: 'string', multiple: true, default: ['batchSize=16'] },
    default: { type: 'string' },
  },
});
if (options.home === undefined || options.data === undefined) {
  throw new Error('Usage: method-defaults.ts --home DIR --data DIR');
}
const home = new FewShotHome(resolve(options.home));
const data = resolve(options.data);
await mkdir(home.folder, { recursive: true });
const sets = options.sets.split(',');
const seeds = Array.from({ length: Number(options.seeds) }, (_, seed) => seed);

for (const set of sets) {
  for (const seed of seeds) await home.importProtocol(set, join(data, set), seed);
}

/** On a set that must not be flipped, replaces a flipping augmentation by cropping alone. */
function on(set: string, { rate, augmentation }: Candidate): Candidate {
  const unflipped = augmentation.flips && UNFLIPPED.has(set);
  const crop = AUGMENTATIONS.find(({ name }) => name === 'crop');
  return { rate, augmentation: unflipped && crop !== undefined ? crop : augmentation };
}

function train(method: string, candidate: Candidate, set: string, seed: number): Promise<Trained> {
  const { rate, augmentation } = on(set, candidate);
  const dataset = `${set}-${String(seed)}`;
  const name = `${method}-${String(rate)}-${augmentation.name.replaceAll(' ', '-')}-${dataset}`;
  return home.once(name, async () => {
    const settings = [
      ...[`method=${method}`, `learningRate=${String(rate)}`, `seed=${String(seed)}`],
      ...augmentation.settings,
      ...options.set,
    ];
    const done = (await home.karst(
      'train',
      ...['--backbone', options.backbone, '--dataset', dataset, '--name', name],
      ...['--epochs', options.epochs],
      ...settings.flatMap((setting) => ['--set', setting]),
    )) as Trained;
    console.error(name, done.metrics.val.top1);
    return done;
  });
}

async function testHits(method: string, candidate: Candidate, set: string, seed: number) {
  const { adapter } = await train(method, candidate, set, seed);
  return home.testHits(`${set}-${String(seed)}`, adapter);
}

const valOf = async (method: string, candidate: Candidate, set: string, seed: number) =>
  (await train(method, candidate, set, seed)).metrics.val.top1;

const percent = (fraction: number) => (100 * fraction).toFixed(1);
const label = ({ rate, augmentation }: Candidate) => `${String(rate)}, ${augmentation.name}`;

const searched: string[] = ['| method | candidate |'];
const reported: string[] = ['| method | default |'];
for (const set of sets) {
  searched[0] = `${searched[0] ?? ''} ${set} |`;
  reported[0] = `${reported[0] ?? ''} ${set}: default | best |`;
}
searched[0] = `${searched[0] ?? ''} mean |`;
reported[0] = `${reported[0] ?? ''} best − default |`;
searched.push(`|---|---|${'---:|'.repeat(sets.length + 1)}`);
reported.push(`|---|---|${'---:|'.repeat(2 * sets.length + 1)}`);

for (const method of options.methods.split(',')) {
  const tried: { readonly candidate: Candidate; readonly top1: number }[] = [];
  const attempt = async (candidate: Candidate) => {
    const bySet: number[][] = [];
    for (const set of sets) {
      const tops: number[] = [];
      for (const seed of seeds) tops.push(await valOf(method, candidate, set, seed));
      bySet.push(tops);
    }
    const overall = mean(bySet.map(mean));
    const cells = bySet.map((tops) => ` ${percent(mean(tops))} ± ${percent(deviation(tops))} |`);
    searched.push(`| ${method} | ${label(candidate)} |${cells.join('')} ${percent(overall)} |`);
    tried.push({ candidate, top1: overall });
  };
  const best = (): Candidate => {
    const [first] = tried.toSorted((a, b) => b.top1 - a.top1);
    if (first === undefined)
      throw new Error(`There is no method ${method} among ${Object.keys(RATES).join()}.`);
    return first.candidate;
  };
  const [none, ...others] = AUGMENTATIONS;
  if (none === undefined) throw new Error('There is no augmentation.');
  for (const rate of RATES[method] ?? []) await attempt({ rate, augmentation: none });
  const { rate } = best();
  for (const augmentation of others) await attempt({ rate, augmentation });
  const given = options.default === undefined ? undefined : candidateOf(options.default);
  if (given !== undefined) await attempt(given);
  const chosen = given ?? best();
  const pairs: Pair[][] = [];
  const cells: string[] = [];
  for (const set of sets) {
    const bySeed: Pair[] = [];
    for (const seed of seeds) {
      let here = chosen;
      for (const { candidate } of tried) {
        const better =
          (await valOf(method, candidate, set, seed)) > (await valOf(method, here, set, seed));
        if (better) here = candidate;
      }
      bySeed.push({
        before: await testHits(method, chosen, set, seed),
        after: await testHits(method, here, set, seed),
      });
    }
    pairs.push(bySeed);
    for (const which of ['before', 'after'] as const) {
      const tops = bySeed.map((pair) => mean(pair[which].map(Number)));
      cells.push(` ${percent(mean(tops))} ± ${percent(deviation(tops))} |`);
    }
  }
  const [centre, low, high] = pairedInterval(pairs);
  reported.push(
    `| ${method} | ${label(chosen)} |${cells.join('')} ${percent(centre)} [${percent(low)}, ${percent(high)}] |`,
  );
}
console.log([...searched, '', ...reported].join('\n'));
