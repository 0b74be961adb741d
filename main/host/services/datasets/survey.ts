import { extname } from 'node:path';
import { IMAGE_ENDINGS } from '../../../formats/image-signature.ts';
import { splitNamed } from './listing.ts';
import { enterFolder, entriesOf, startsAsImage, type FolderEntry, type Walk } from './walk.ts';

/** What a folder contains, as far as layout detection needs it. */
export interface Surveyed {
  readonly entry: FolderEntry;
  /** Whether it directly contains images. */
  readonly images: boolean;
  /** Its subfolders that contain images at any depth. */
  readonly inner: readonly FolderEntry[];
  readonly files: readonly FolderEntry[];
}

export const holdsImages = ({ images, inner }: Surveyed): boolean => images || inner.length > 0;

/** Hugging Face's table beside images. */
export function metadataIn(files: readonly FolderEntry[]): FolderEntry | null {
  return files.find((e) => e.kind === 'file' && /^metadata\.(csv|jsonl)$/i.test(e.name)) ?? null;
}

/** Whether it contains split folders, as opposed to a class of such a name. */
export function holdsSplits({ images, inner }: Surveyed): boolean {
  const splits = inner.filter((e) => splitNamed(e.name) !== null);
  return splits.length >= 2 || (splits.length === 1 && inner.length === 1 && !images);
}

/** A walk without reports: the listing walk reports problems. */
export function scratch({ signal, encoding, onFolder }: Walk): Walk {
  return { problems: [], seen: new Set(), signal, encoding, onFolder };
}

/** Surveys a folder. */
export async function survey(entry: FolderEntry, walk: Walk): Promise<Surveyed> {
  const looking = scratch(walk);
  const entries = await entriesOf(entry.path, looking);
  const files = entries.filter((e) => e.kind === 'file');
  const inner: FolderEntry[] = [];
  for (const folder of entries)
    if (folder.kind === 'folder' && (await hasImage(folder.path, looking))) inner.push(folder);
  return { entry, images: await someImage(files), inner, files };
}

export async function surveyAll(
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<readonly Surveyed[]> {
  const surveyed: Surveyed[] = [];
  for (const entry of entries)
    if (entry.kind === 'folder') surveyed.push(await survey(entry, walk));
  return surveyed;
}

async function hasImage(dir: string, looking: Walk): Promise<boolean> {
  if (!(await enterFolder(dir, looking))) return false;
  const entries = await entriesOf(dir, looking);
  if (await someImage(entries.filter((e) => e.kind === 'file'))) return true;
  for (const entry of entries)
    if (entry.kind === 'folder' && (await hasImage(entry.path, looking))) return true;
  return false;
}

async function someImage(files: readonly FolderEntry[]): Promise<boolean> {
  if (files.some(({ name }) => IMAGE_ENDINGS.includes(extname(name).toLowerCase()))) return true;
  for (const { name, path } of files)
    // That a file cannot be read is reported when it is listed.
    if (extname(name) === '' && (await startsAsImage(path)) === true) return true;
  return false;
}
