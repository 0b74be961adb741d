import { openStudio } from '../../main/host/open-studio.ts';

/**
 * Imports a folder into a new home and reports the duration and the peak memory. Arguments: HOME
 * FOLDER.
 */

const [home = '', folder = ''] = process.argv.slice(2);
const studio = await openStudio({
  ...{ home, starter: null },
  spawn: () => {
    throw new Error('an import starts no engine');
  },
});
const restMiB = process.memoryUsage.rss() / 2 ** 20;
const began = performance.now();
const { dataset, problems } = await studio.datasets.add(folder, { name: 'many' });
const seconds = (performance.now() - began) / 1000;
const { train, val, test } = dataset.counts;
await studio.close();
console.log(
  JSON.stringify({
    ...{ seconds, images: train + val + test, problems: problems.length, restMiB },
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
