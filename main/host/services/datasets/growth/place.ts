import type { Split } from '../../../../../shared/domain/dataset.ts';
import { deal, heldBack, orderOf, type Group } from '../split.ts';

/** An image that keeps its split. */
export interface PlacedImage {
  readonly label: number;
  /** Empty if it could never be read. */
  readonly sha256: string;
  readonly split: Split;
  /** Whether it takes part in training and evaluation. */
  readonly counts: boolean;
}

export interface NewcomerImage {
  readonly label: number;
  readonly sha256: string;
  /** The split that its source gives. */
  readonly given: Split | null;
}

/**
 * The splits of images that join a dataset. Copies join the split of their copy, the others get the
 * one that their source gives, or else are drawn with a seed, class by class, so that the class
 * has the fractions. A draw never gives a split more than its fraction of the newcomers, so that a
 * class whose split was changed by hand stays as it is.
 */
export function placeNewcomers(
  placed: Iterable<PlacedImage>,
  newcomers: readonly NewcomerImage[],
  fractions: { readonly val: number; readonly test: number },
  seed: number,
): Split[] {
  const ofBytes = new Map<string, Split>();
  const counts = new Map<number, Record<Split, number>>();
  const count = (label: number, split: Split): void => {
    const one = counts.get(label) ?? { train: 0, val: 0, test: 0 };
    one[split]++;
    counts.set(label, one);
  };
  for (const { label, sha256, split, counts: isCounted } of placed) {
    if (sha256 !== '' && !ofBytes.has(sha256)) ofBytes.set(sha256, split);
    if (isCounted) count(label, split);
  }
  for (const { sha256, given } of newcomers)
    if (given !== null && !ofBytes.has(sha256)) ofBytes.set(sha256, given);
  const splits = newcomers.map(({ label, sha256 }) => {
    const split = ofBytes.get(sha256) ?? null;
    if (split !== null) count(label, split);
    return split;
  });
  const groups = new Map<string, Group>();
  newcomers.forEach(({ label, sha256 }, i) => {
    if (splits[i] !== null) return;
    const group = groups.get(sha256);
    if (group === undefined)
      groups.set(sha256, { label, members: [i], order: orderOf(seed, sha256) });
    else group.members.push(i);
  });
  for (const [label, own] of Map.groupBy(groups.values(), (group) => group.label)) {
    const has = counts.get(label) ?? { train: 0, val: 0, test: 0 };
    const joining = own.reduce((n, { members }) => n + members.length, 0);
    const all = has.train + has.val + has.test + joining;
    const lacking = (split: 'val' | 'test'): number =>
      Math.max(
        0,
        Math.min(
          heldBack(all, fractions[split]) - has[split],
          Math.ceil(joining * fractions[split]),
        ),
      );
    // A class without a training image keeps one.
    const most = has.train > 0 ? joining : joining - 1;
    const val = Math.min(lacking('val'), most);
    deal(own, { val, test: Math.min(lacking('test'), most - val) }, splits);
  }
  return splits.map((split) => split ?? 'train');
}
