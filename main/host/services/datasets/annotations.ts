import { extname } from 'node:path';
import type { Split } from '../../../../shared/domain/dataset.ts';
import type { NamedImage } from './listing.ts';
import { isThere, namedFile } from './named-file.ts';
import type { Surveyed } from './survey.ts';
import { firstLinesOf, linesOf } from './text.ts';
import type { FolderEntry, Walk } from './walk.ts';

/**
 * A file with the classes of a folder's images: lines `file class …`, as in Tiny ImageNet's
 * `val_annotations.txt`.
 */
export interface Annotations {
  readonly path: string;
  /** The folder that its paths are relative to. */
  readonly root: string;
  readonly separator: RegExp;
}

function separatorOf(line: string): RegExp {
  if (line.includes('\t')) return /\t/;
  return line.includes(',') ? /,/ : /\s+/;
}

/** The annotation file of a folder: its first line names one of the images. */
export async function annotationsOf(folder: Surveyed, walk: Walk): Promise<Annotations | null> {
  const roots = [folder.entry, ...folder.inner].map(({ path }) => path);
  for (const { path, name } of folder.files) {
    if (!['.txt', '.csv', '.tsv'].includes(extname(name).toLowerCase())) continue;
    const [first] = await firstLinesOf(path, 1, walk);
    if (first === undefined) continue;
    const separator = separatorOf(first);
    const [file = '', label] = first.split(separator);
    if (label === undefined) continue;
    for (const root of roots)
      if (file !== '' && (await isThere(await namedFile(root, file))))
        return { path, root, separator };
  }
  return null;
}

/**
 * @param classes those of the training images; lines with other classes are reported and skipped
 */
export async function annotatedImages(
  { path, root, separator }: Annotations,
  at: { readonly split: Split; readonly classes: ReadonlySet<string> },
  walk: Walk,
): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  for await (const { number: line, text } of linesOf(path, walk)) {
    const [file = '', label = ''] = (text ?? '').split(separator).map((field) => field.trim());
    const className = label.normalize('NFC');
    if (at.classes.has(className)) {
      walk.onFile?.();
      images.push({ path: await namedFile(root, file), className, split: at.split });
      continue;
    }
    const reason =
      label === ''
        ? `Line ${line} is not "file class".`
        : `Line ${line} names the class "${label.slice(0, 100)}", which no training image has.`;
    walk.problems.push({ kind: 'bad-line', path, line, reason });
  }
  return images;
}

/** The problems of images without a class. */
export function leaveUnlabelled({ path }: FolderEntry, walk: Walk): void {
  walk.problems.push({
    kind: 'ignored',
    path,
    reason: 'Its images are in no class folder and no list has their classes.',
  });
}
