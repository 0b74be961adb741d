import { hash } from 'node:crypto';
import type { Split } from '../../../../shared/domain/dataset.ts';

/** What the split needs of an image. */
export interface Splittable {
  readonly label: number;
  /** Same bytes, same hash: such images stay together. */
  readonly sha256: string;
  /** The split given by the source; never changed. */
  readonly given: Split | null;
}

/** Images with the same bytes, in the class of the first of them. */
export interface Group {
  readonly label: number;
  readonly members: number[];
  /** Its key in the shuffled order. */
  readonly order: string;
}

/** A sort key that depends only on the seed and the image's bytes, not on names or the system. */
export const orderOf = (seed: number, sha256: string): string =>
  hash('sha256', `${seed}:${sha256}`);

function groupFree(images: readonly Splittable[], splits: (Split | null)[], seed: number): Group[] {
  const anchored = new Map<string, Split>();
  for (const { sha256, given } of images) if (given !== null) anchored.set(sha256, given);
  const groups = new Map<string, Group>();
  images.forEach(({ label, sha256, given }, i) => {
    if (given !== null) return;
    // A free image with the same bytes as a placed one joins its split.
    const anchor = anchored.get(sha256);
    if (anchor !== undefined) splits[i] ??= anchor;
    else {
      const group = groups.get(sha256);
      if (group === undefined)
        groups.set(sha256, { label, members: [i], order: orderOf(seed, sha256) });
      else group.members.push(i);
    }
  });
  return [...groups.values()];
}

/** Number of n images held out; at least one of three or more, and never all. */
export function heldBack(n: number, fraction: number): number {
  if (fraction <= 0 || n < 2) return 0;
  const wanted = Math.round(n * fraction);
  return Math.min(n - 1, n >= 3 ? Math.max(1, wanted) : wanted);
}

/** Gives the groups of a class their splits, in shuffled order: as many held out as wanted. */
export function deal(
  groups: Group[],
  wanted: { readonly val: number; readonly test: number },
  splits: (Split | null)[],
): void {
  groups.sort((a, b) => (a.order < b.order ? -1 : 1));
  const left = { ...wanted };
  for (const { members } of groups) {
    const split: Split =
      members.length <= left.val ? 'val' : members.length <= left.test ? 'test' : 'train';
    if (split !== 'train') left[split] -= members.length;
    for (const i of members) splits[i] = split;
  }
}

/**
 * Splits by class, with a seed. Given splits are kept; a split that the source defines gets no
 * others, and the fractions apply to the training images. Every class keeps at least one training
 * image.
 */
export function stratifiedSplit(
  images: readonly Splittable[],
  fractions: { val: number; test: number },
  seed: number,
): Split[] {
  const splits: (Split | null)[] = images.map((i) => i.given);
  const has = (split: Split): boolean => images.some((i) => i.given === split);
  const givenTrain = has('train');
  const val = has('val') ? 0 : fractions.val;
  const test = has('test') ? 0 : fractions.test;
  // With a given training split, the held-out images are taken from it.
  const pool = givenTrain
    ? images.map((i) => ({ ...i, given: i.given === 'train' ? null : i.given }))
    : images;
  const free = groupFree(pool, splits, seed);
  const byClass = new Map<number, Group[]>();
  for (const group of free) {
    const list = byClass.get(group.label);
    if (list === undefined) byClass.set(group.label, [group]);
    else list.push(group);
  }
  for (const groups of byClass.values()) {
    const n = groups.reduce((sum, g) => sum + g.members.length, 0);
    const wantVal = heldBack(n, val);
    const wantTest = Math.min(heldBack(n, test), n - 1 - wantVal);
    deal(groups, { val: wantVal, test: wantTest }, splits);
  }
  return splits.map((split) => split ?? 'train');
}
