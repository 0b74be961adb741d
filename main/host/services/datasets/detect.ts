import { basename, extname } from 'node:path';
import type { FolderLayout, ImportLayout } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { statOf } from '../paths.ts';
import { leaveAside } from './folders.ts';
import { decideLayout, listFolders, wrapperAmong } from './layout.ts';
import { listsIn, listListFiles } from './list-files.ts';
import type { Listing } from './listing.ts';
import { requireOwnFolder } from './own-folder.ts';
import { listSplitTables } from './split-tables.ts';
import { leaveWrapper } from './splits.ts';
import { metadataIn, survey, surveyAll } from './survey.ts';
import { hasColumns, isTable } from './rows.ts';
import { listTable } from './table.ts';
import { enterFolder, entriesOf, type FolderEntry, type Walk } from './walk.ts';

const LAYOUTS =
  'Supported are: a folder with one subfolder per class, the same under train/ val/ test/, list files with "path label" a line, a CSV or JSON-lines table with file_name,label[,split], or one for each split (train.csv, test.csv).';

const unusable = (path: string, message: string, hint = LAYOUTS): KarstError =>
  new KarstError('dataset-unusable', message, { hint, path });

/** A source without an image that has a class. */
export class NoImages extends KarstError {
  constructor(path: string, message: string) {
    super('dataset-unusable', message, { hint: LAYOUTS, path });
  }
}

/**
 * Detects the layout of a dataset, unless `as` gives it, and lists its files.
 * @throws dataset-unusable (an `ImportQuestion` if the user has to decide), not-found,
 * not-available
 */
export async function listDataset(path: string, walk: Walk, as?: ImportLayout): Promise<Listing> {
  const info = await statOf(path);
  if (as === undefined) await requireOwnFolder(path);
  const listing = info.isDirectory()
    ? await inFolder(path, walk, as)
    : await inFile(path, walk, as);
  if (listing.images.length === 0) throw new NoImages(path, noImages(path, walk));
  return listing;
}

/** Images that lie beside the folders are there, but have no class. */
function noImages(path: string, walk: Walk): string {
  const loose = walk.problems.filter(({ kind }) => kind === 'loose-image').length;
  if (loose === 0) return `There are no images in ${path}.`;
  const which = loose === 1 ? 'the image in it has' : `the ${loose} images in it have`;
  return `${path} has no subfolder with images: ${which} no class.`;
}

async function inFile(path: string, walk: Walk, as?: ImportLayout): Promise<Listing> {
  const ending = extname(path).toLowerCase();
  if (ending === '.zip')
    throw new KarstError('not-available', `${path}: zip files are not supported yet.`, {
      hint: 'Unpack it and name the folder.',
      path,
    });
  if (as === 'table') return listTable(path, walk);
  if (as === 'list-files') return listListFiles(path, null, walk);
  if (as !== undefined)
    throw new KarstError('usage', `${path} is a file, which has no layout "${as}".`, {
      hint: 'A file is a table or list-files.',
      path,
    });
  if (isTable(path)) return listTable(path, walk);
  if (
    listsIn([{ name: basename(path), path, kind: 'file' }]).length > 0 ||
    /\.(txt|list|lst)$/.test(ending)
  )
    return listListFiles(path, null, walk);
  throw new KarstError('format-unknown', `${path} is not a dataset.`, { hint: LAYOUTS, path });
}

async function inFolder(path: string, walk: Walk, as?: ImportLayout): Promise<Listing> {
  await enterFolder(path, walk);
  const entries = await entriesOf(path, walk);
  if (as === 'table')
    return (
      (metadataIn(entries) === null ? await listSplitTables(path, entries, walk, true) : null) ??
      listTable(onlyTable(path, entries), walk)
    );
  if (as === 'list-files') return listListFiles(path, entries, walk);
  if (as === undefined) {
    const listing = await inText(path, entries, walk);
    if (listing !== null) return listing;
  }
  return inFolders(path, entries, walk, as);
}

/** The lists or the table of a folder; null if its subfolders define the dataset. */
async function inText(
  path: string,
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing | null> {
  const lists = listsIn(entries);
  for (const list of lists) if (await list.isList(walk)) return listListFiles(path, entries, walk);
  const metadata = metadataIn(entries);
  if (metadata !== null) return listTable(metadata.path, walk);
  const annotations = entries.find((e) => e.kind === 'folder' && e.name === 'annotations');
  if (annotations !== undefined) {
    const inside = await entriesOf(annotations.path, walk);
    for (const list of listsIn(inside))
      if (await list.isList(walk)) return listListFiles(annotations.path, inside, walk);
  }
  const tables = entries.filter((e) => e.kind === 'file' && isTable(e.name));
  const folders = entries.filter((e) => e.kind === 'folder');
  if (tables.length > 1) {
    const flat = (await surveyAll(folders, walk)).every(({ inner }) => inner.length === 0);
    const splits =
      folders.length <= 1 || flat
        ? await listSplitTables(path, entries, walk, folders.length <= 1)
        : null;
    if (splits !== null) return splits;
  }
  const [table, ...more] = tables;
  if (table !== undefined && more.length === 0 && folders.length <= 1) {
    const [folder] = folders;
    // A file about the dataset beside its only folder is not a table.
    const isAbout = folder !== undefined && (await survey(folder, walk)).inner.length >= 2;
    if (!isAbout || (await hasColumns(table.path, walk))) return listTable(table.path, walk);
  }
  // Only notes with such names, or lists without a valid line: report their lines.
  return lists.length > 0 && folders.length === 0 ? listListFiles(path, entries, walk) : null;
}

function onlyTable(path: string, entries: readonly FolderEntry[]): string {
  const metadata = metadataIn(entries);
  if (metadata !== null) return metadata.path;
  const tables = entries.filter((e) => e.kind === 'file' && isTable(e.name));
  const [only, ...more] = tables;
  if (only !== undefined && more.length === 0) return only.path;
  throw unusable(
    path,
    only === undefined
      ? `${path} holds no table.`
      : `${path} holds ${tables.length} tables: ${tables.map(({ name }) => name).join(', ')}.`,
    'Name the table itself.',
  );
}

async function inFolders(
  path: string,
  entries: readonly FolderEntry[],
  walk: Walk,
  as?: FolderLayout,
): Promise<Listing> {
  const surveyed = await surveyAll(entries, walk);
  const tables = entries.filter((e) => e.kind === 'file' && isTable(e.name));
  if (as === undefined && tables.length > 1 && surveyed.length === 0) onlyTable(path, entries);
  if (surveyed.length === 0) throw new NoImages(path, `${path} holds no class folders.`);
  const wrapper = wrapperAmong(surveyed);
  if (wrapper !== null && (await enterFolder(wrapper.path, walk))) {
    leaveWrapper(wrapper, walk);
    for (const entry of entries) if (entry.path !== wrapper.path) await leaveBeside(entry, walk);
    const inside = await entriesOf(wrapper.path, walk);
    const listing = as === undefined ? await inText(wrapper.path, inside, walk) : null;
    return listing ?? inFolders(wrapper.path, inside, walk, as);
  }
  if (as === undefined && tables.length > 1 && surveyed.length === 1) onlyTable(path, entries);
  const layout =
    as ?? (await decideLayout({ dir: path, entries, surveyed, listInside: listDataset }, walk));
  return listFolders(layout, path, entries, walk);
}

async function leaveBeside(entry: FolderEntry, walk: Walk): Promise<void> {
  if (entry.kind === 'file') await leaveAside(entry, walk);
  else
    walk.problems.push({
      kind: 'ignored',
      path: entry.path,
      reason: 'It has no image.',
    });
}
