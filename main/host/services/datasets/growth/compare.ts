import type { SourceImage } from './listed.ts';

/** What a listing has that a dataset has not, and the other way round. */
export interface Comparison {
  readonly fresh: readonly SourceImage[];
  /** Number of listed images that the dataset has. */
  readonly known: number;
  /** Positions of images that the listing does not name. */
  readonly unlisted: readonly number[];
}

/**
 * Compares by path. A path that is listed several times, as tables can, is that often in the
 * dataset.
 */
export function compareListing(
  stored: Iterable<{ readonly position: number; readonly path: string }>,
  listed: readonly SourceImage[],
): Comparison {
  const positions = new Map<string, number[]>();
  for (const { path, position } of stored) {
    const list = positions.get(path);
    if (list === undefined) positions.set(path, [position]);
    else list.push(position);
  }
  const fresh = listed.filter(({ path }) => positions.get(path)?.shift() === undefined);
  return {
    fresh,
    known: listed.length - fresh.length,
    unlisted: [...positions.values()].flat().sort((a, b) => a - b),
  };
}
