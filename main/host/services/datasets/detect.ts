import { extname, basename, join } from 'node:path';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { statOf } from '../paths.ts';
import { areSplitFolders, listClassFolders, listSplitFolders } from './folders.ts';
import { isListFile, listListFiles } from './list-files.ts';
import type { Listing } from './listing.ts';
import { isTable, listTable } from './table.ts';
import { enterFolder, entriesOf, type Walk } from './walk.ts';

const LAYOUTS =
  'Taken are: a folder of class folders, the same under train/ val/ test/, list files with "path label" a line, a CSV or JSON-lines table with file_name,label[,split].';

/** Recognises how a dataset is laid out and lists its files. @throws dataset-unusable, not-found, not-available */
export async function listDataset(path: string, walk: Walk): Promise<Listing> {
  const listing = await list(path, walk);
  if (listing.images.length === 0)
    throw new KarstError('dataset-unusable', `There are no images in ${path}.`, {
      hint: LAYOUTS,
      path,
    });
  return listing;
}

async function list(path: string, walk: Walk): Promise<Listing> {
  const info = await statOf(path);
  if (!info.isDirectory()) {
    const ending = extname(path).toLowerCase();
    if (ending === '.zip')
      throw new KarstError('not-available', `${path}: zip files are not taken yet.`, {
        hint: 'Unpack it and name the folder.',
        path,
      });
    if (isListFile(basename(path)) || ending === '.txt' || ending === '.list')
      return listListFiles(path, true, walk);
    if (isTable(path)) return listTable(path, walk);
    throw new KarstError('format-unknown', `${path} is not a dataset.`, { hint: LAYOUTS, path });
  }
  await enterFolder(path, walk);
  const entries = await entriesOf(path, walk);
  const files = entries.filter((e) => e.kind === 'file');
  if (files.some((e) => isListFile(e.name))) return listListFiles(path, false, walk);
  const metadata = files.find((e) => /^metadata\.(csv|jsonl)$/i.test(e.name));
  if (metadata !== undefined) return listTable(metadata.path, walk);
  const tables = files.filter((e) => isTable(e.name));
  if (await areSplitFolders(entries, walk)) return listSplitFolders(entries, walk);
  const annotations = join(path, 'annotations');
  if (entries.some((e) => e.path === annotations && e.kind === 'folder')) {
    const inside = await entriesOf(annotations, walk);
    if (inside.some((e) => e.kind === 'file' && isListFile(e.name)))
      return listListFiles(annotations, false, walk);
  }
  const folders = entries.filter((e) => e.kind === 'folder');
  if (tables.length === 1 && folders.length <= 1) return listTable(tables[0]?.path ?? path, walk);
  if (folders.length === 0)
    throw new KarstError('dataset-unusable', `${path} holds no class folders.`, {
      hint: LAYOUTS,
      path,
    });
  return listClassFolders(entries, walk);
}
