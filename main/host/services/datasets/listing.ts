import { extname } from 'node:path';
import type { Split } from '../../../../shared/domain/dataset.ts';
import type { DatasetLayout, DatasetProblem } from '../../../../shared/domain/library.ts';
import { IMAGE_ENDINGS } from '../../../formats/image-signature.ts';

/** A file named by the source, not checked yet. */
export interface ListedImage {
  /** Absolute path. */
  readonly path: string;
  /** Index into the listing's classes. */
  readonly label: number;
  /** null if the source does not give it. */
  readonly split: Split | null;
}

export interface Listing {
  readonly layout: DatasetLayout;
  readonly classes: readonly string[];
  readonly images: readonly ListedImage[];
  readonly problems: readonly DatasetProblem[];
}

/** A file with the name of its class, from which a listing is made. */
export interface NamedImage {
  readonly path: string;
  readonly className: string;
  readonly split: Split | null;
}

/** By code point, as Python's `sorted` (and so torchvision's ImageFolder) orders names. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * The class list of a dataset: sorted by code point, so that torchvision's indices are ours; numbers in their
 * numeric order when every name is a whole number and `numeric` is set (the labels of list files).
 */
export function sortClasses(names: Iterable<string>, numeric = false): string[] {
  const unique = [...new Set(names)];
  if (numeric && unique.every((n) => /^\d{1,15}$/.test(n)))
    return unique.sort((a, b) => Number(a) - Number(b));
  return unique.sort(byCodePoint);
}

export function toListing(
  layout: DatasetLayout,
  images: readonly NamedImage[],
  problems: readonly DatasetProblem[],
  numeric = false,
): Listing {
  // A folder visited more than once is reported once.
  const told = new Map(problems.map((p) => [[p.kind, p.path, p.line, p.reason].join('\n'), p]));
  const classes = sortClasses(new Set(images.map((i) => i.className)), numeric);
  const index = new Map(classes.map((name, label) => [name, label]));
  return {
    layout,
    classes,
    images: images.map(({ path, className, split }) => ({
      path,
      label: index.get(className) ?? -1,
      split,
    })),
    problems: [...told.values()],
  };
}

/** Image files by the split that the source gives; `free` have none. */
export function countSplits({ images }: Listing): Record<Split | 'free', number> {
  const counts = { train: 0, val: 0, test: 0, free: 0 };
  for (const { split } of images) counts[split ?? 'free']++;
  return counts;
}

/** A Map, since objects have inherited keys such as `constructor`. */
const SPLIT_NAMES = new Map<string, Split>([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['dev', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/** The split that a folder or value names (`train`, `Training_set`); null for any other word. */
export function splitNamed(word: string): Split | null {
  const plain = word.toLowerCase().replace(/[ _-]?(set|data|images|split)$/, '');
  return SPLIT_NAMES.get(plain) ?? null;
}

/** Files and folders that systems leave behind: `.DS_Store`, `._x`, `Thumbs.db` and the like. */
export function isSystemLeftover(name: string): boolean {
  return (
    name.startsWith('._') ||
    [
      '.ds_store',
      'thumbs.db',
      'ehthumbs.db',
      'desktop.ini',
      '$recycle.bin',
      '__macosx',
      '@eadir',
      'icon\r',
    ].includes(name.toLowerCase())
  );
}

/** Entries that are never listed: names with a leading dot, and system files. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || isSystemLeftover(name);
}

/** Whether a file's extension is that of a supported image format, or missing. */
export function mayBeImage(name: string): boolean {
  const ending = extname(name).toLowerCase();
  return ending === '' || IMAGE_ENDINGS.includes(ending);
}
