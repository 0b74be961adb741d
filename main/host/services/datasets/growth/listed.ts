import type { Split } from '../../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../../shared/domain/errors.ts';
import type { DatasetProblem } from '../../../../../shared/domain/library.ts';
import type { Watching } from '../../../contract/watching.ts';
import type { DatasetSource } from '../../../store/sources.ts';
import { statOf } from '../../paths.ts';
import { listDataset, NoImages } from '../detect.ts';
import { newWalk } from '../new-walk.ts';
import { imagesBelow } from '../walk.ts';

/** The class of an image: as its source names it, one of the dataset, or one to be made. */
export type Belonging =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'class'; readonly label: number }
  | { readonly kind: 'new-class'; readonly name: string };

/** An image file that a source names. */
export interface SourceImage {
  /** Absolute. */
  readonly path: string;
  readonly belongs: Belonging;
  /** null if the source does not give it. */
  readonly split: Split | null;
}

export interface SourceListing {
  readonly images: readonly SourceImage[];
  readonly problems: readonly DatasetProblem[];
}

/** Lists an image, or the images below a folder, as members of one class. @throws not-found */
export async function listForClass(
  path: string,
  belongs: Belonging,
  watching: Watching,
): Promise<SourceListing> {
  const walk = newWalk(watching);
  const images: SourceImage[] = [];
  if ((await statOf(path)).isFile()) images.push({ path, belongs, split: null });
  else
    for await (const below of imagesBelow(path, walk))
      images.push({ path: below, belongs, split: null });
  return { images, problems: walk.problems };
}

/** Lists one source. @throws what `listDataset` throws */
export async function listSource(
  source: DatasetSource,
  watching: Watching,
): Promise<SourceListing> {
  const { path, label, layout, encoding } = source;
  if (label !== null) return listForClass(path, { kind: 'class', label }, watching);
  const walk = newWalk({ ...watching, encoding: encoding ?? undefined });
  const { classes, images, problems } = await listDataset(path, walk, layout ?? undefined);
  return {
    images: images.map((image) => ({
      path: image.path,
      belongs: { kind: 'named', name: classes[image.label] ?? '' },
      split: image.split,
    })),
    problems,
  };
}

/**
 * Lists all sources of a dataset, each image once: by the first source that names it. A further
 * source that has gone has no images; the first one must be there.
 * @throws what `listDataset` throws
 */
export async function listSources(
  sources: readonly DatasetSource[],
  watching: Watching,
): Promise<SourceListing> {
  const listings: SourceListing[] = [];
  for (const [i, source] of sources.entries())
    try {
      listings.push(await listSource(source, watching));
    } catch (error) {
      if (i === 0 || !isGone(error)) throw error;
    }
  return joined(listings);
}

/** Several listings as one, each image once. */
export function joined(listings: readonly SourceListing[]): SourceListing {
  const known = new Set<string>();
  return {
    images: listings.flatMap(({ images }) => {
      const added = images.filter(({ path }) => !known.has(path));
      for (const { path } of added) known.add(path);
      return added;
    }),
    problems: listings.flatMap(({ problems }) => problems),
  };
}

/** Whether a source is not there, or empty. */
function isGone(error: unknown): boolean {
  return error instanceof NoImages || (error instanceof KarstError && error.code === 'not-found');
}
