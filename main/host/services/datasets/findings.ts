import type { DatasetClass, DatasetProblem } from '../../../../shared/domain/library.ts';
import type { DuplicatePair, StoredImage } from '../../store/images.ts';

/** The usable images of an import, in columns to keep a million of them small. */
export interface UsableImage {
  readonly position: number;
  readonly label: number;
  readonly sha256: string;
}

export interface Duplicates {
  /** Position of a duplicate → position of the first image with its bytes. */
  readonly first: ReadonlyMap<number, number>;
  readonly problems: DatasetProblem[];
}

/**
 * Finds images with equal bytes. Same class: reported as `duplicate`; another class: `conflicting-label`.
 * @param images in the order of their positions
 */
export function findDuplicates(
  images: readonly UsableImage[],
  pathOf: (position: number) => string,
  classes: readonly string[],
): Duplicates {
  const names = new Map(classes.entries());
  const seen = new Map<string, UsableImage>();
  const first = new Map<number, number>();
  const problems: DatasetProblem[] = [];
  for (const image of images) {
    const earlier = seen.get(image.sha256);
    if (earlier === undefined) {
      seen.set(image.sha256, image);
      continue;
    }
    first.set(image.position, earlier.position);
    const pair = {
      path: pathOf(image.position),
      labels: [image.label],
      firstPath: pathOf(earlier.position),
      firstLabels: [earlier.label],
    };
    problems.push(duplicateProblem(pair, names));
  }
  return { first, problems };
}

/**
 * The problem of two images with equal bytes.
 * @param names of classes, by label
 */
export function duplicateProblem(
  pair: DuplicatePair,
  names: ReadonlyMap<number, string>,
): DatasetProblem {
  const { path, labels, firstPath, firstLabels } = pair;
  const named = (all: readonly number[]): string =>
    `${all.length === 1 ? 'class' : 'classes'} ${all.map((label) => `"${names.get(label)}"`).join(', ')}`;
  return labels.join() === firstLabels.join()
    ? { kind: 'duplicate', path, reason: `It is an exact duplicate of ${firstPath}.` }
    : {
        kind: 'conflicting-label',
        path,
        reason: `It is in the ${named(labels)} and is an exact duplicate of ${firstPath} in the ${named(firstLabels)}.`,
      };
}

/** Classes without a usable image, or without one to train on. */
export function findEmptyClasses(
  classes: readonly string[],
  images: Iterable<Pick<StoredImage, 'label' | 'split'>>,
  path: string,
): DatasetProblem[] {
  const counts = classes.map((name) => ({ name, train: 0, val: 0, test: 0 }));
  for (const { label, split } of images) {
    const count = counts[label];
    if (count !== undefined) count[split]++;
  }
  return emptyClassProblems(counts, path);
}

/** The same, of counted classes. */
export function emptyClassProblems(
  classes: readonly Pick<DatasetClass, 'name' | 'train' | 'val' | 'test'>[],
  path: string,
): DatasetProblem[] {
  return classes.flatMap(({ name, train, val, test }): DatasetProblem[] =>
    train > 0
      ? []
      : [
          {
            kind: 'empty-class',
            path,
            reason:
              val + test > 0
                ? `The class "${name}" has no training image.`
                : `The class "${name}" has no image that can be used.`,
          },
        ],
  );
}
