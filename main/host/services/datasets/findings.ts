import type { DatasetProblem } from '../../../../shared/domain/library.ts';
import type { StoredImage } from '../../store/images.ts';

/** The usable images of an import, held as columns so that a million of them stay small. */
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
    const other = pathOf(earlier.position);
    problems.push(
      earlier.label === image.label
        ? {
            kind: 'duplicate',
            path: pathOf(image.position),
            reason: `It has the same bytes as ${other}.`,
          }
        : {
            kind: 'conflicting-label',
            path: pathOf(image.position),
            reason: `It is in the class "${classes[image.label]}" and has the same bytes as ${other} in the class "${classes[earlier.label]}".`,
          },
    );
  }
  return { first, problems };
}

/** Classes whose images all turned out to be unusable, or that have none to train on. */
export function findEmptyClasses(
  classes: readonly string[],
  images: Iterable<Pick<StoredImage, 'label' | 'split'>>,
  path: string,
): DatasetProblem[] {
  const usable = new Set<number>();
  const trained = new Set<number>();
  for (const { label, split } of images) {
    usable.add(label);
    if (split === 'train') trained.add(label);
  }
  return classes.flatMap((name, label): DatasetProblem[] =>
    trained.has(label)
      ? []
      : [
          {
            kind: 'empty-class',
            path,
            reason: usable.has(label)
              ? `The class "${name}" has no training image.`
              : `The class "${name}" has no image that can be used.`,
          },
        ],
  );
}
