import type { Stats } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { FileList } from '../../../shared/contract/window/system.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError, writeError } from '../../formats/files.ts';
import { IMAGE_ENDINGS } from '../../formats/image-signature.ts';
import { readFolder, type NamedEntry, type ReadFolder } from './folder-names.ts';

/** Limit of entries shown of one folder. */
export const LISTED_AT_MOST = 2_000;

/** Limit of folders whose images are counted: each is read for it. */
const COUNTED_AT_MOST = 200;

/** Usual folders below the home folder, by their key in the locales. */
const PLACES = ['Desktop', 'Documents', 'Downloads', 'Pictures'] as const;

/** Folders that contain drives; on Linux one per account. */
const MOUNTS: Partial<Record<NodeJS.Platform, (account: string) => readonly string[]>> = {
  linux: (account) => [`/media/${account}`, `/run/media/${account}`, '/mnt'],
  darwin: () => ['/Volumes'],
};

/**
 * System entries at the root of a Windows drive, hidden by an attribute that Node does not expose.
 */
const HIDDEN_ON_WINDOWS =
  /^(\$.*|System Volume Information|Recovery|pagefile\.sys|hiberfil\.sys)$/i;

interface Found {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/**
 * Lists one folder: folders first, each group by name, without hidden entries; names that cannot be
 * opened are listed separately.
 * @param folder absolute path; null for the home folder
 * @param extensions accepted file extensions, lower case with the dot; empty for folders only
 * @throws usage for a relative path; not-found, not-readable
 */
export async function listFolder(
  folder: string | null,
  extensions: readonly string[],
): Promise<FileList> {
  const place = folder === null ? homedir() : absolute(folder);
  // Created lazily: the first collator of a process loads the data of all languages.
  const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const wanted = new Set(extensions.map((ending) => ending.toLowerCase()));
  const { entries, unnameable } = await contentOf(place);
  const found = (await Promise.all(entries.map((entry) => look(place, entry))))
    .filter((entry) => entry !== null)
    .filter(({ kind, name }) => kind === 'folder' || wanted.has(path.extname(name).toLowerCase()))
    .sort(
      (a, b) =>
        Number(a.kind === 'file') - Number(b.kind === 'file') || byName.compare(a.name, b.name),
    );
  const parent = path.dirname(place);
  const counted = new Set(found.filter(({ kind }) => kind === 'folder').slice(0, COUNTED_AT_MOST));
  return {
    folder: place,
    parent: parent === place ? null : parent,
    entries: await Promise.all(
      found.slice(0, LISTED_AT_MOST).map(async (entry) => ({
        ...(await measured(entry)),
        images: counted.has(entry) ? await imagesIn(entry.path) : null,
      })),
    ),
    images: entries.filter(({ name }) => isImage(name)).length,
    more: found.length > LISTED_AT_MOST,
    unnameable: unnameable.slice(0, LISTED_AT_MOST),
    places: await places(),
  };
}

/** Makes a folder and lists it. @throws usage, name-taken, not-writable */
export async function makeFolderIn(parent: string, name: string): Promise<FileList> {
  const folder = path.join(absolute(parent), checkFileName(name));
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new KarstError('name-taken', `${folder} exists already.`, {
        hint: 'Choose another name.',
        path: folder,
        cause: error,
      });
    throw writeError(folder, error);
  }
  return listFolder(folder, []);
}

function absolute(folder: string): string {
  if (path.isAbsolute(folder)) return path.resolve(folder);
  throw new KarstError('usage', `"${folder}" is not an absolute path.`, {
    hint: `Write it from the root, such as ${path.join(homedir(), folder)}.`,
  });
}

function checkFileName(name: string): string {
  const problem =
    name === '.' || name === '..' || name.startsWith('.')
      ? 'it begins with a dot'
      : /[\p{Cc}/\\]/u.test(name)
        ? 'it contains a slash, a backslash or a control character'
        : /[<>:"|?*]|[. ]$/.test(name) || /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i.test(name)
          ? 'it is not valid on Windows'
          : null;
  if (problem === null) return name;
  throw new KarstError('usage', `"${name}" cannot be the name of a folder: ${problem}.`, {
    hint: 'Choose another name.',
  });
}

async function contentOf(folder: string): Promise<ReadFolder> {
  try {
    const { entries, unnameable } = await readFolder(folder);
    return {
      entries: entries.filter(({ name }) => !isHidden(name)),
      unnameable: unnameable.filter((name) => !isHidden(name)),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR')
      throw new KarstError('not-found', `${folder} is not a folder.`, {
        hint: 'Choose the folder that contains it.',
        path: folder,
        cause: error,
      });
    throw readError(folder, error);
  }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || (process.platform === 'win32' && HIDDEN_ON_WINDOWS.test(name));
}

/** null for what is neither folder nor file, such as a dangling link. */
async function look(folder: string, { name, entry }: NamedEntry): Promise<Found | null> {
  const own = path.join(folder, name);
  const target = entry.isSymbolicLink() ? await statOrNone(own) : entry;
  const kind = target?.isDirectory() ? 'folder' : target?.isFile() ? 'file' : null;
  return kind === null ? null : { name, path: own, kind };
}

/** Image files directly in a folder; null when it cannot be read. */
async function imagesIn(folder: string): Promise<number | null> {
  const names = await readdir(folder).catch(() => null);
  return names?.filter(isImage).length ?? null;
}

function isImage(name: string): boolean {
  return !isHidden(name) && IMAGE_ENDINGS.includes(path.extname(name).toLowerCase());
}

async function measured(found: Found): Promise<Found & { bytes: number | null }> {
  const info = found.kind === 'file' ? await statOrNone(found.path) : null;
  return { ...found, bytes: info?.size ?? null };
}

/** An entry that vanished or is locked has no size; the rest is still listed. */
async function statOrNone(file: string): Promise<Stats | null> {
  return stat(file).catch(() => null);
}

async function isFolder(file: string): Promise<boolean> {
  return (await statOrNone(file))?.isDirectory() ?? false;
}

/** Home, the usual folders in it that exist, and the roots of drives. */
async function places(): Promise<FileList['places']> {
  const home = homedir();
  const usual = PLACES.map((name) => ({ name: name.toLowerCase(), path: path.join(home, name) }));
  const candidates = [{ name: 'home', path: home }, ...usual, ...(await drives())];
  const there = await Promise.all(candidates.map((candidate) => isFolder(candidate.path)));
  return candidates.filter((_, i) => there[i]);
}

async function drives(): Promise<FileList['places']> {
  if (process.platform === 'win32')
    // A: and B: are floppy drives, which are slow and noisy to probe.
    return Array.from({ length: 24 }, (_, i) => {
      const root = `${String.fromCharCode(67 + i)}:\\`;
      return { name: root, path: root };
    });
  const mounts = MOUNTS[process.platform]?.(path.basename(homedir())) ?? [];
  const mounted = await Promise.all(
    mounts.map(async (mount) => {
      // Without drives there is no such folder, or this account may not read it.
      const names = await readdir(mount).catch(() => []);
      return names.map((name) => ({ name, path: path.join(mount, name) }));
    }),
  );
  return [{ name: 'computer', path: '/' }, ...mounted.flat()];
}
