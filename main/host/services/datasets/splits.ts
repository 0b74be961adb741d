import { KarstError } from '../../../../shared/domain/errors.ts';
import { annotatedImages, annotationsOf, leaveUnlabelled } from './annotations.ts';
import { classFolders, leaveAside } from './folders.ts';
import { mayBeImage, splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import { holdsImages, metadataIn, survey, surveyAll, type Surveyed } from './survey.ts';
import { imagesOfTable } from './table.ts';
import { entriesOf, ignoreFile, type FolderEntry, type Walk } from './walk.ts';
import type { Split } from '../../../../shared/domain/dataset.ts';

/** A folder for training, validation or testing. */
export interface SplitFolder {
  readonly split: Split;
  readonly folder: Surveyed;
}

/** The folders among these that are named like splits. */
export function splitFoldersOf(surveyed: readonly Surveyed[]): SplitFolder[] {
  return surveyed.flatMap((folder) => {
    const split = splitNamed(folder.entry.name);
    return split === null ? [] : [{ split, folder }];
  });
}

/**
 * Skips a wrapper folder around the class folders of each split, as in
 * `training_set/training_set/cats`. A lone split with a single class folder is not wrapped.
 */
export async function unwrapSplits(
  splits: readonly SplitFolder[],
  walk: Walk,
): Promise<SplitFolder[]> {
  let opened = [...splits];
  for (;;) {
    const inside: SplitFolder[] = [];
    for (const { split, folder } of opened) {
      const [only, ...more] = folder.inner;
      if (only === undefined || more.length > 0 || folder.images || metadataIn(folder.files))
        return opened;
      const inner = await survey(only, walk);
      if (inner.images || inner.inner.length === 0) return opened;
      inside.push({ split, folder: inner });
    }
    if (inside.length === 0) return opened;
    for (const { folder } of inside) leaveWrapper(folder.entry, walk);
    opened = inside;
  }
}

/** Reports that a folder was treated as a wrapper. */
export function leaveWrapper({ path }: FolderEntry, walk: Walk): void {
  walk.problems.push({
    kind: 'ignored',
    path,
    reason: 'It only wraps the dataset: it is not a class, the folders in it are used.',
  });
}

/** `train/`, `val/` and `test/` with class folders, with Hugging Face's `metadata.csv`, or with an annotation file. */
export async function listSplitFolders(
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  const surveyed = await surveyAll(entries, walk);
  const found = splitFoldersOf(surveyed);
  if (found.length === 0) return listSplitsWithin(dir, entries, walk);
  for (const entry of entries)
    if (entry.kind === 'file') await leaveAside(entry, walk);
    else if (splitNamed(entry.name) === null)
      walk.problems.push({
        kind: 'ignored',
        path: entry.path,
        reason: 'It is beside the folders of the splits and belongs to none of them.',
      });
  const splits = await unwrapSplits(found, walk);
  const classes = new Set(
    splits.flatMap(({ split, folder }) =>
      split === 'train' ? folder.inner.map(({ name }) => name.normalize('NFC')) : [],
    ),
  );
  const lists: NamedImage[][] = [];
  for (const one of splits) lists.push(await imagesOfSplit(one, classes, walk));
  const images = lists.flat();
  requireTraining(dir, splits, images);
  const tables = splits.some(({ folder }) => metadataIn(folder.files) !== null);
  return toListing(tables ? 'table' : 'split-folders', images, walk.problems, tables);
}

async function imagesOfSplit(
  { split, folder }: SplitFolder,
  classes: ReadonlySet<string>,
  walk: Walk,
): Promise<NamedImage[]> {
  const { entry, inner, images, files } = folder;
  const metadata = metadataIn(files);
  if (metadata !== null) return imagesOfTable(metadata.path, entry.path, walk, split);
  const known = inner.some(({ name }) => classes.has(name.normalize('NFC')));
  const isStrange = split !== 'train' && classes.size > 0 && !known;
  if (holdsImages(folder) && (isStrange || inner.length === 0)) {
    const annotations = await annotationsOf(folder, walk);
    for (const file of files)
      if (file.path !== annotations?.path && (!images || !mayBeImage(file.name)))
        ignoreFile(file, walk);
    if (annotations !== null) return annotatedImages(annotations, { split, classes }, walk);
    leaveUnlabelled(entry, walk);
    return [];
  }
  return classFolders(await entriesOf(entry.path, walk), split, walk);
}

/** Class folders that contain `train/`, `val/` and `test/`, or whole datasets side by side. */
async function listSplitsWithin(
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  const lists: NamedImage[][] = [];
  const splits: SplitFolder[] = [];
  for (const entry of entries) {
    if (entry.kind === 'file') {
      await leaveAside(entry, walk);
      continue;
    }
    const inside = await entriesOf(entry.path, walk);
    for (const { split, folder } of splitFoldersOf(await surveyAll(inside, walk))) {
      splits.push({ split, folder });
      const below =
        folder.images || folder.inner.length === 0
          ? await classFolders([{ ...folder.entry, name: entry.name }], split, walk)
          : await classFolders(await entriesOf(folder.entry.path, walk), split, walk);
      lists.push(below);
    }
    for (const other of inside)
      if (other.kind === 'file') await leaveAside(other, walk);
      else if (splitNamed(other.name) === null)
        walk.problems.push({
          kind: 'ignored',
          path: other.path,
          reason: 'It is beside the folders of the splits and belongs to none of them.',
        });
  }
  const images = lists.flat();
  requireTraining(dir, splits, images);
  return toListing('split-folders', images, walk.problems);
}

/** @throws dataset-unusable if the training folders have no image: others would be trained on */
function requireTraining(
  dir: string,
  splits: readonly SplitFolder[],
  images: readonly NamedImage[],
): void {
  const isWanted = splits.some(({ split }) => split === 'train');
  if (isWanted ? images.some(({ split }) => split === 'train') : images.length > 0) return;
  const named = splits.map(({ folder }) => folder.entry.name).join(', ');
  throw new KarstError(
    'dataset-unusable',
    `The classes of the training images in ${dir} are not known: ${named === '' ? 'it holds no folders called train, val or test' : `${named} hold no class folders`}.`,
    {
      hint: `Put the images of each class into a folder of its own, or put a metadata.csv with file_name,label beside them. If the folders are the classes themselves, import them as class folders.`,
      option: '--as class-folders',
      path: dir,
    },
  );
}
