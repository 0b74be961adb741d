import { basename, dirname, extname, join } from 'node:path';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { IMAGE_ENDINGS } from '../../../formats/image-signature.ts';
import { splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import { isThere, namedFile } from './named-file.ts';
import { firstLinesOf, linesOf, LONGEST_LINE } from './text.ts';
import { entriesOf, type FolderEntry, type Walk } from './walk.ts';

/**
 * List files, one `path label` a line: VTAB-1k's `train800.txt`, `val200.txt`, `train800val200.txt`, `test.txt`,
 * the few-shot lists `<split>_meta.list.num_shot_K.seed_S` with `val_meta.list` and `test_meta.list`, and plainly
 * `train.txt`, `val.txt`, `test.txt`.
 */
const VTAB = new Map<string, Split>([
  ['train800.txt', 'train'],
  ['val200.txt', 'val'],
  ['train800val200.txt', 'train'],
]);
const FEW_SHOT = /^(.*?)\.num_shot_(\d+)\.seed_(\d+)$/;
const LINE = /^(.*\S)\s+(\S+)$/;
/** Lines read to tell a list from a note. */
const SAMPLE = 20;

function splitOf(name: string): Split | null {
  const plain = /^(.*)\.(txt|list|lst)$/i.exec(name)?.[1];
  return VTAB.get(name) ?? (plain === undefined ? null : splitNamed(plain));
}

/** A file with the name of a list. */
export interface NamedList {
  readonly path: string;
  /** Whether its content is a list: a note may be called `test.txt`. */
  isList(walk: Walk): Promise<boolean>;
}

/** The files among these that are named like lists. */
export function listsIn(entries: readonly FolderEntry[]): NamedList[] {
  return entries.flatMap(({ name, path, kind }) => {
    if (kind !== 'file' || (splitOf(name) === null && !FEW_SHOT.test(name))) return [];
    const isSure = VTAB.has(name) || FEW_SHOT.test(name);
    return [{ path, isList: async (walk) => isSure || looksLikeList(path, walk) }];
  });
}

async function looksLikeList(path: string, walk: Walk): Promise<boolean> {
  const lines = await firstLinesOf(path, SAMPLE, walk);
  let good = 0;
  for (const line of lines) {
    const file = LINE.exec(line)?.[1];
    if (file === undefined) continue;
    if (IMAGE_ENDINGS.includes(extname(file).toLowerCase())) good++;
    else if (await isThere(await namedFile(await rootOf(path, file), file))) good++;
  }
  return good > 0 && good >= lines.length / 2;
}

interface ListFile {
  readonly path: string;
  readonly split: Split;
}

/** The lists of a folder that belong together. */
async function chooseLists(
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<ListFile[]> {
  const files = new Map(entries.filter((e) => e.kind === 'file').map((e) => [e.name, e.path]));
  const shots = [...files.keys()].filter((n) => FEW_SHOT.test(n));
  if (shots.length > 1)
    throw new KarstError(
      'dataset-unusable',
      `${dir} holds ${shots.length} few-shot lists; one has to be chosen.`,
      { hint: `Name the list itself, for example ${join(dir, shots[0] ?? '')}.`, path: dir },
    );
  if (shots.length === 1) return fewShotLists(join(dir, shots[0] ?? ''), entries);
  const both = files.has('train800.txt') && files.has('val200.txt');
  const lists: ListFile[] = [];
  const isVtab = files.has('train800.txt') || files.has('train800val200.txt');
  const setAside = (path: string, reason: string): void => {
    walk.problems.push({ kind: 'ignored', path, reason });
  };
  for (const [name, path] of files) {
    const split = splitOf(name);
    if (split === null) continue;
    const isRest =
      name === 'train800val200.txt'
        ? both
        : name === 'train800.txt' && !both && files.has('train800val200.txt');
    if (isRest || (isVtab && split !== 'test' && !VTAB.has(name)))
      setAside(path, 'Its images are those of the other lists beside it.');
    else if (!VTAB.has(name) && !(await looksLikeList(path, walk)))
      setAside(path, 'Its first lines are not "path label", so it is not a list.');
    else lists.push({ path, split });
  }
  return lists;
}

/** A few-shot training list with the validation and test lists beside it. */
function fewShotLists(path: string, entries: readonly FolderEntry[]): ListFile[] {
  const stem = FEW_SHOT.exec(basename(path))?.[1] ?? '';
  const lists: ListFile[] = [{ path, split: 'train' }];
  for (const split of ['val', 'test'] as const) {
    const sibling = stem.replace(/train/, split);
    const entry = entries.find((e) => e.kind === 'file' && e.name === sibling && sibling !== stem);
    if (entry !== undefined) lists.push({ path: entry.path, split });
  }
  return lists;
}

/** The folder that a list's paths are relative to: the first in which its first file exists. */
async function rootOf(list: string, first: string): Promise<string> {
  const here = dirname(list);
  const candidates = [here, join(here, 'images'), dirname(here), join(dirname(here), 'images')];
  for (const root of candidates) if (await isThere(await namedFile(root, first))) return root;
  return here;
}

async function readList(list: ListFile, walk: Walk): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  let root: string | null = null;
  for await (const { number: line, text } of linesOf(list.path, walk)) {
    const [, file, label] = LINE.exec(text ?? '') ?? [];
    if (file === undefined || label === undefined) {
      const reason =
        text === null
          ? `Line ${line} is longer than ${LONGEST_LINE} letters.`
          : `Line ${line} is not "path label".`;
      walk.problems.push({ kind: 'bad-line', path: list.path, line, reason });
      continue;
    }
    root ??= await rootOf(list.path, file);
    walk.onFile?.();
    const path = await namedFile(root, file);
    images.push({ path, className: label.normalize('NFC'), split: list.split });
  }
  return images;
}

/**
 * The images of one list file, or of those in a folder.
 * @param entries those of the folder, null for a file
 */
export async function listListFiles(
  path: string,
  entries: readonly FolderEntry[] | null,
  walk: Walk,
): Promise<Listing> {
  const name = basename(path);
  const lists =
    entries !== null
      ? await chooseLists(path, entries, walk)
      : FEW_SHOT.test(name)
        ? fewShotLists(path, await entriesOf(dirname(path), walk))
        : [{ path, split: splitOf(name) ?? 'train' }];
  const read: NamedImage[][] = [];
  for (const list of lists) read.push(await readList(list, walk));
  return toListing('list-files', read.flat(), walk.problems, true);
}
