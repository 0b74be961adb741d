import { extname, join } from 'node:path';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import { isThere, namedFile } from './named-file.ts';
import { firstFileOf, hasColumns, isTable } from './rows.ts';
import { imagesOfTable } from './table.ts';
import type { FolderEntry, Walk } from './walk.ts';

/** A table named like a split, with files and classes. */
interface SplitTable {
  readonly split: Split;
  readonly entry: FolderEntry;
  /** The folder that its files are relative to; null if its first file is not found. */
  readonly root: string | null;
}

/** The tables among these that are called `train.csv`, `Testing_set.csv` and the like. */
function namedTables(entries: readonly FolderEntry[]): { split: Split; entry: FolderEntry }[] {
  return entries.flatMap((entry) => {
    const { name, kind } = entry;
    if (kind !== 'file' || !isTable(name)) return [];
    const split = splitNamed(name.slice(0, -extname(name).length));
    return split === null ? [] : [{ split, entry }];
  });
}

/**
 * One table per split in a folder, as in Kaggle's competitions. A table without classes, usual for
 * testing there, is skipped and reported; if only the training table is left, it is a table without
 * splits. Null if there are not two, or the training table has no classes.
 *
 * @param sure false: accept only tables whose files exist, since folders beside them may be classes
 * @throws dataset-unusable if two are for the same split
 */
export async function listSplitTables(
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
  sure: boolean,
): Promise<Listing | null> {
  const named = namedTables(entries);
  if (named.length < 2) return null;
  const tables: SplitTable[] = [];
  for (const { split, entry } of named)
    if (await hasColumns(entry.path, walk))
      tables.push({ split, entry, root: await rootOf(dir, { split, entry }, entries, walk) });
  if (!tables.some(({ split }) => split === 'train')) return null;
  if (!sure && tables.some(({ root }) => root === null)) return null;
  requireOneEach(dir, tables);
  const taken = new Set(tables.map(({ entry }) => entry));
  for (const entry of entries)
    if (entry.kind === 'file' && isTable(entry.name) && !taken.has(entry))
      walk.problems.push({
        kind: 'ignored',
        path: entry.path,
        reason: named.some((one) => one.entry === entry)
          ? 'It has no column for the class, so its images are not taken.'
          : 'It is beside the tables of the splits and belongs to none of them.',
      });
  const lists: NamedImage[][] = [];
  for (const { split, entry, root } of tables)
    lists.push(
      await imagesOfTable(entry.path, root ?? dir, walk, tables.length > 1 ? split : null),
    );
  return toListing('table', lists.flat(), walk.problems, true);
}

/** The folder of a table's files: beside it, or that of the images or of its split. */
async function rootOf(
  dir: string,
  { split, entry }: { split: Split; entry: FolderEntry },
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<string | null> {
  const first = await firstFileOf(entry.path, walk);
  if (first === null) return null;
  const folders = entries.filter(({ kind }) => kind === 'folder');
  const own = folders.filter(({ name }) => splitNamed(name) === split);
  const only = folders.length === 1 ? folders : [];
  const places = [dir, join(dir, 'images'), ...[...own, ...only].map(({ path }) => path)];
  for (const place of places) if (await isThere(await namedFile(place, first))) return place;
  return null;
}

function requireOneEach(dir: string, tables: readonly SplitTable[]): void {
  for (const { split, entry } of tables) {
    const other = tables.find((table) => table.split === split && table.entry !== entry);
    if (other === undefined) continue;
    throw new KarstError(
      'dataset-unusable',
      `${dir} holds two tables for the same split: ${entry.name} and ${other.entry.name}.`,
      { hint: 'Move one of them away, or name the table itself.', path: dir },
    );
  }
}
