import { randomStream } from '../../main/engine/random.ts';
import { mean } from './statistics.ts';

const RESAMPLES = 10_000;

/** For each test image, whether each of two models is right. */
export interface Pair {
  readonly before: readonly boolean[];
  readonly after: readonly boolean[];
}

/**
 * Mean over sets of (after − before), averaged over the seeds of each set, with its 95 % interval.
 * Resamples seeds within sets and images within seeds.
 *
 * @param pairs by set, then by seed
 */
export function pairedInterval(pairs: readonly (readonly Pair[])[]): [number, number, number] {
  const stream = randomStream(1, 'bootstrap');
  const below = (n: number) => Math.floor(stream.uniform() * n);
  const gain = ({ before, after }: Pair, at: (i: number) => number) =>
    mean(
      before.map((_, i) => {
        const image = at(i);
        return Number(after[image]) - Number(before[image]);
      }),
    );
  const centre = mean(pairs.map((bySeed) => mean(bySeed.map((pair) => gain(pair, (i) => i)))));
  const resampled = Array.from({ length: RESAMPLES }, () =>
    mean(
      pairs.map((bySeed) =>
        mean(
          bySeed.map(() => {
            const pair = bySeed[below(bySeed.length)];
            if (pair === undefined) throw new Error('no seed');
            return gain(pair, () => below(pair.before.length));
          }),
        ),
      ),
    ),
  ).sort((a, b) => a - b);
  const at = (share: number) => resampled[Math.floor(share * RESAMPLES)] ?? NaN;
  return [centre, at(0.025), at(0.975)];
}
