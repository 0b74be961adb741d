import { dirname } from 'node:path';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { throwIfCancelled } from '../paths.ts';
import { splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import { namedFile } from './named-file.ts';
import { rowsOf, type Row } from './rows.ts';
import type { Walk } from './walk.ts';

/** A row as an image, or the sentence why it is none. */
async function toImage(
  { line, file, label, split: word }: Row,
  root: string,
): Promise<NamedImage | string> {
  if (file === null) return `Line ${line} names no file (column file_name).`;
  if (label === null) return `Line ${line} names no class (column label).`;
  const split = word === null ? null : splitNamed(word);
  if (word !== null && split === null)
    return `Line ${line} names the split "${word}"; it must be train, val or test.`;
  return { path: await namedFile(root, file), className: label.normalize('NFC'), split };
}

/** The images of a table's rows; invalid rows are reported as `bad-line`. */
export async function imagesOfTable(
  path: string,
  root: string,
  walk: Walk,
  given: Split | null = null,
): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  for await (const row of rowsOf(path, walk)) {
    throwIfCancelled(walk.signal, 'The import');
    const image = 'reason' in row ? row.reason : await toImage(row, root);
    if (typeof image === 'string') {
      walk.problems.push({ kind: 'bad-line', path, line: row.line, reason: image });
      continue;
    }
    walk.onFile?.();
    images.push(given === null ? image : { ...image, split: given });
  }
  return images;
}

export async function listTable(path: string, walk: Walk): Promise<Listing> {
  return toListing('table', await imagesOfTable(path, dirname(path), walk), walk.problems, true);
}
