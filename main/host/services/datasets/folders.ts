import type { Split } from '../../../../shared/domain/dataset.ts';
import { splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import {
  enterFolder,
  entriesOf,
  ignoreFile,
  imagesBelow,
  isListed,
  whyNoImage,
  type FolderEntry,
  type Walk,
} from './walk.ts';

/** A file where folders are expected. */
export async function leaveAside(entry: FolderEntry, walk: Walk): Promise<void> {
  if (await isListed(entry))
    walk.problems.push({
      kind: 'loose-image',
      path: entry.path,
      reason: 'It is beside the class folders, so its class is unknown.',
    });
  else walk.problems.push({ kind: 'ignored', path: entry.path, reason: whyNoImage(entry.name) });
}

/** A folder whose subfolders are the classes; deeper folders belong to the class above them. */
export async function classFolders(
  entries: readonly FolderEntry[],
  split: Split | null,
  walk: Walk,
): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  for (const entry of entries) {
    if (entry.kind === 'file') {
      await leaveAside(entry, walk);
      continue;
    }
    // Systems encode accented names differently (NFC, NFD); one class must not become two.
    const className = entry.name.normalize('NFC');
    const before = images.length;
    for await (const path of imagesBelow(entry.path, walk)) images.push({ path, className, split });
    if (images.length === before)
      walk.problems.push({
        kind: 'empty-class',
        path: entry.path,
        reason: 'The class folder has no image and is not used as a class.',
      });
  }
  return images;
}

/** Each folder is a class, with all images below it. */
export async function listClassFolders(
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  const images = await classFolders(entries, null, walk);
  return toListing('class-folders', images, walk.problems);
}

/**
 * Folders that contain images are the classes, by their names alone; folders above only group them,
 * and give the split if named like one.
 */
export async function listInnerFolders(
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  const images: NamedImage[] = [];
  const visit = async (folder: FolderEntry, above: Split | null): Promise<void> => {
    if (!(await enterFolder(folder.path, walk))) return;
    const className = folder.name.normalize('NFC');
    for (const entry of await entriesOf(folder.path, walk)) {
      if (entry.kind === 'folder') await visit(entry, splitNamed(folder.name) ?? above);
      else if (await isListed(entry)) {
        walk.onFile?.();
        images.push({ path: entry.path, className, split: above });
      } else ignoreFile(entry, walk);
    }
  };
  for (const entry of entries)
    if (entry.kind === 'folder') await visit(entry, null);
    else await leaveAside(entry, walk);
  const isSplit = images.some(({ split }) => split !== null);
  return toListing(isSplit ? 'split-folders' : 'class-folders', images, walk.problems);
}
