import type { Split } from '../../../../shared/domain/dataset.ts';
import { mayBeImage, splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import { entriesOf, ignoreFile, imagesBelow, type FolderEntry, type Walk } from './walk.ts';

/** A folder whose sub-folders are the classes; deeper folders belong to the class above them. */
async function classFolders(
  entries: readonly FolderEntry[],
  split: Split | null,
  walk: Walk,
): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  for (const entry of entries) {
    if (entry.kind === 'file') {
      if (mayBeImage(entry.name))
        walk.problems.push({
          kind: 'ignored',
          path: entry.path,
          reason: 'It lies beside the class folders, so its class is not known.',
        });
      else ignoreFile(entry.path, walk);
      continue;
    }
    // Two systems write the same accented name as different characters; one class shall not become two.
    const className = entry.name.normalize('NFC');
    const before = images.length;
    for await (const path of imagesBelow(entry.path, walk)) images.push({ path, className, split });
    if (images.length === before)
      walk.problems.push({
        kind: 'empty-class',
        path: entry.path,
        reason: 'The class folder holds no image and makes no class.',
      });
  }
  return images;
}

export async function listClassFolders(
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  const images = await classFolders(entries, null, walk);
  return toListing('class-folders', images, walk.problems);
}

/** Whether these are `train/` and others like it, each with class folders inside. */
export async function areSplitFolders(
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<boolean> {
  const folders = entries.filter((e) => e.kind === 'folder');
  const splits = folders.map((f) => splitNamed(f.name));
  if (folders.length === 0 || splits.includes(null) || !splits.includes('train')) return false;
  for (const folder of folders) {
    const inside = await entriesOf(folder.path, {
      problems: [],
      seen: new Set(),
      signal: walk.signal,
    });
    // A class may well be called "train": then its folder holds images and no folders.
    if (splitNamed(folder.name) === 'train' && !inside.some((e) => e.kind === 'folder'))
      return false;
  }
  return true;
}

export async function listSplitFolders(
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  const images: NamedImage[] = [];
  for (const entry of entries) {
    const split = entry.kind === 'folder' ? splitNamed(entry.name) : null;
    if (split === null) ignoreFile(entry.path, walk);
    else images.push(...(await classFolders(await entriesOf(entry.path, walk), split, walk)));
  }
  return toListing('split-folders', images, walk.problems);
}
