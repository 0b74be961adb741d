import { createReadStream } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { readError } from '../../../formats/files.ts';
import { statOrNull, throwIfCancelled } from '../paths.ts';
import { toListing, type Listing, type NamedImage } from './listing.ts';
import { entriesOf, type FolderEntry, type Walk } from './walk.ts';

/**
 * List files, one `path label` a line: VTAB-1k's `train800.txt`, `val200.txt`, `train800val200.txt`, `test.txt`
 * and the few-shot lists `<split>_meta.list.num_shot_K.seed_S` with `val_meta.list` and `test_meta.list`.
 */
const VTAB: Record<string, Split> = {
  'train800.txt': 'train',
  'val200.txt': 'val',
  'train800val200.txt': 'train',
  'test.txt': 'test',
};
const FEW_SHOT = /^(.*?)\.num_shot_(\d+)\.seed_(\d+)$/;

export function isListFile(name: string): boolean {
  return name in VTAB || FEW_SHOT.test(name);
}

interface ListFile {
  readonly path: string;
  readonly split: Split;
}

/** The lists that belong together, chosen from those in a folder. */
function chooseLists(dir: string, entries: readonly FolderEntry[], walk: Walk): ListFile[] {
  const files = new Map(entries.filter((e) => e.kind === 'file').map((e) => [e.name, e.path]));
  const shots = [...files.keys()].filter((n) => FEW_SHOT.test(n));
  if (shots.length > 1)
    throw new KarstError(
      'dataset-unusable',
      `${dir} holds ${shots.length} few-shot lists, of which one has to be chosen.`,
      { hint: `Name the list itself, for example ${join(dir, shots[0] ?? '')}.`, path: dir },
    );
  if (shots.length === 1) return fewShotLists(join(dir, shots[0] ?? ''), entries);
  const both = files.has('train800.txt') && files.has('val200.txt');
  const lists: ListFile[] = [];
  for (const [name, split] of Object.entries(VTAB)) {
    const path = files.get(name);
    if (path === undefined) continue;
    const rest = name === 'train800val200.txt';
    if (rest ? both : name === 'train800.txt' && !both && files.has('train800val200.txt')) {
      walk.problems.push({
        kind: 'ignored',
        path,
        reason: 'Its images are those of the other lists beside it.',
      });
      continue;
    }
    lists.push({ path, split });
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

/** The folder that the paths of a list start from: the first under which its first file exists. */
async function rootOf(list: string, first: string): Promise<string> {
  const here = dirname(list);
  const candidates = [here, join(here, 'images'), dirname(here), join(dirname(here), 'images')];
  for (const root of candidates) if ((await statOrNull(resolve(root, first))) !== null) return root;
  return here;
}

async function* linesOf(path: string, signal?: AbortSignal): AsyncGenerator<[number, string]> {
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Infinity,
  });
  let number = 0;
  try {
    for await (const line of lines) {
      throwIfCancelled(signal, 'The import');
      number++;
      // A byte order mark is no part of the first path.
      const content = (number === 1 ? line.replace(/^\uFEFF/, '') : line).trim();
      if (content !== '') yield [number, content];
    }
  } catch (error) {
    throw readError(path, error);
  }
}

async function readList(list: ListFile, walk: Walk): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  let root: string | null = null;
  for await (const [line, content] of linesOf(list.path, walk.signal)) {
    const match = /^(.*\S)\s+(\S+)$/.exec(content);
    const [, file, label] = match ?? [];
    if (file === undefined || label === undefined) {
      walk.problems.push({
        kind: 'bad-line',
        path: list.path,
        line,
        reason: `Line ${line} is not "path label".`,
      });
      continue;
    }
    root ??= await rootOf(list.path, file);
    walk.onFile?.();
    images.push({
      path: resolve(root, file),
      className: label.normalize('NFC'),
      split: list.split,
    });
  }
  return images;
}

/** @param path a folder with list files, or one list file */
export async function listListFiles(path: string, isFile: boolean, walk: Walk): Promise<Listing> {
  const dir = isFile ? dirname(path) : path;
  const entries = await entriesOf(dir, walk);
  const lists = !isFile
    ? chooseLists(dir, entries, walk)
    : FEW_SHOT.test(basename(path))
      ? fewShotLists(path, entries)
      : [{ path, split: VTAB[basename(path)] ?? 'train' }];
  const images: NamedImage[] = [];
  for (const list of lists) images.push(...(await readList(list, walk)));
  return toListing('list-files', images, walk.problems, true);
}
