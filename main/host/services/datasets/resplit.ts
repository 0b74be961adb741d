import { SPLITS, type Split } from '../../../../shared/domain/dataset.ts';
import type { DrawnImage, FormerSplit, ImageRepository } from '../../store/images.ts';
import { isUsable } from '../manifest.ts';
import type { Draw } from './draw.ts';
import { stratifiedSplit, type Splittable } from './split.ts';

/** What a re-split does. */
export interface SplitPlan {
  /** Usable images per split afterwards. */
  readonly counts: Readonly<Record<Split, number>>;
  /** Positions of the images that move, by their split afterwards. */
  readonly moved: Readonly<Record<Split, readonly number[]>>;
  readonly former: FormerSplit;
}

const perSplit = (): Record<Split, number[]> => ({ train: [], val: [], test: [] });

/**
 * Plans a re-split as an import does it (`stratifiedSplit`): by class, with a seed, exact
 * duplicates together. Images that the source assigned get their given split, and a split that the
 * source defines gets no others, unless `redrawGiven` is set. Only usable images are drawn. An
 * excluded or unusable one follows its duplicates, or else stays.
 */
export function planResplit(
  datasetId: string,
  images: ImageRepository,
  draw: Draw,
  redrawGiven: boolean,
): SplitPlan {
  const drawn: (DrawnImage & Splittable)[] = [];
  const aside: DrawnImage[] = [];
  let all = 0;
  for (const image of images.toDraw(datasetId)) {
    all++;
    if (isUsable(image)) drawn.push({ ...image, given: redrawGiven ? null : image.givenSplit });
    else if (image.sha256 !== '') aside.push(image);
  }
  const splits = stratifiedSplit(drawn, draw, draw.seed);
  const ofBytes = new Map(drawn.map(({ sha256 }, i) => [sha256, splits[i]]));
  const counts = { train: 0, val: 0, test: 0 };
  const moved = perSplit();
  const former = perSplit();
  const place = (image: DrawnImage, split: Split | undefined): void => {
    if (split === undefined || split === image.split) return;
    moved[split].push(image.position);
    former[image.split].push(image.position);
  };
  drawn.forEach((image, i) => {
    place(image, splits[i]);
    counts[splits[i] ?? image.split]++;
  });
  for (const image of aside) place(image, ofBytes.get(image.sha256));
  return { counts, moved, former: { images: all, splits: former } };
}

/** Number of images that a plan moves. */
export function countMoved({ moved }: SplitPlan): number {
  return SPLITS.reduce((n, split) => n + moved[split].length, 0);
}

export function applyPlan(datasetId: string, images: ImageRepository, { moved }: SplitPlan): void {
  for (const split of SPLITS) images.change(datasetId, moved[split], { split });
}

/**
 * Puts the images that a re-split moved back. Copies that were added since follow theirs.
 * @returns number of images moved
 */
export function restoreSplit(
  datasetId: string,
  images: ImageRepository,
  { images: count, splits }: FormerSplit,
): number {
  return SPLITS.reduce((moved, split) => {
    const added = images.withDuplicates(datasetId, splits[split]).filter((p) => p >= count);
    return moved + images.change(datasetId, [...splits[split], ...added], { split });
  }, 0);
}
