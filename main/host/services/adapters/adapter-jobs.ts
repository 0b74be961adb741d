import { basename, dirname, join, resolve } from 'node:path';
import { rm, stat } from 'node:fs/promises';
import type { BackboneReference } from '../../../../shared/contract/engine/jobs.ts';
import type { ManifestImage } from '../../../../shared/domain/dataset.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import type { Adapter } from '../../../../shared/domain/library.ts';
import { makeFolder, readError } from '../../../formats/files.ts';
import { requireWritable } from '../../../formats/writable-place.ts';
import { temporaryName } from '../../../formats/temporary-files.ts';
import type { HomeFolders } from '../../home.ts';
import { isHidden, mayBeImage } from '../datasets/listing.ts';
import {
  NOT_UTF8,
  noImageIn,
  readFolder,
  unreadableEntry,
  type ReadFolder,
} from '../folder-names.ts';
import { writeManifest } from '../manifest.ts';
import { statOrNull } from '../paths.ts';

/** Writes images to a temporary manifest under the home's `work`, removed after `use`. */
export async function withManifest<T>(
  folders: HomeFolders,
  images: Iterable<ManifestImage> | AsyncIterable<ManifestImage>,
  use: (path: string, images: number) => Promise<T>,
): Promise<T> {
  await makeFolder(folders.work);
  const path = temporaryName(join(folders.work, 'manifest.jsonl'));
  try {
    const { train, val, test } = await writeManifest(path, images);
    return await use(path, train + val + test);
  } finally {
    await rm(path, { force: true });
  }
}

/** One file to predict, under the name the user gave it. */
export interface AskedFile {
  readonly given: string;
  readonly path: string;
  /** Why it is missing, if that is known. */
  readonly error: ErrorReport | null;
}

/**
 * Files as given and the image files of folders (not of subfolders), in order. Unreadable files and
 * folders, and folders without an image, are included with the reason.
 */
export async function askedFiles(given: readonly string[]): Promise<AskedFile[]> {
  const files: AskedFile[] = [];
  for (const name of given) {
    const path = resolve(name);
    const info = await statOrNull(path).catch((error: unknown) => toErrorReport(error));
    if (info === null)
      files.push({
        given: name,
        path,
        error: {
          code: 'not-found',
          message: `There is no file ${path}.`,
          hint: 'Check the path.',
          path,
        },
      });
    else if ('code' in info) files.push({ given: name, path, error: info });
    else if (!info.isDirectory()) files.push({ given: name, path, error: null });
    else files.push(...(await imagesIn(name, path)));
  }
  return files;
}

async function imagesIn(given: string, folder: string): Promise<AskedFile[]> {
  let content: ReadFolder;
  try {
    content = await readFolder(folder);
  } catch (error) {
    return [{ given, path: folder, error: readError(folder, error).toReport() }];
  }
  const files: AskedFile[] = [];
  let folders = 0;
  for (const { name, entry } of content.entries) {
    if (isHidden(name)) continue;
    if (entry.isDirectory()) folders++;
    if (!mayBeImage(name)) continue;
    const path = join(folder, name);
    try {
      if ((await stat(path)).isDirectory()) continue;
      files.push({ given: join(given, name), path, error: null });
    } catch (error) {
      files.push({ given: join(given, name), path, error: readError(path, error).toReport() });
    }
  }
  for (const name of content.unnameable)
    if (mayBeImage(name)) {
      const path = join(folder, name);
      files.push({ given: join(given, name), path, error: unreadableEntry(path, NOT_UTF8) });
    }
  if (files.length === 0)
    return [{ given, path: folder, error: noImageIn(folder, folders > 0).toReport() }];
  return files;
}

/**
 * Before long work: whether its result can be written there.
 * @throws name-taken when something of that name exists, not-found when its parent is no folder,
 * not-writable
 */
export async function requireNewPath(path: string, option = '--out'): Promise<void> {
  if ((await statOrNull(path)) !== null)
    throw new KarstError('name-taken', `${path} already exists and is not overwritten.`, {
      hint: 'Choose another name, or move it away.',
      option,
      path,
    });
  const parent = dirname(path);
  if ((await statOrNull(parent))?.isDirectory() !== true)
    throw new KarstError(
      'not-found',
      `There is no folder ${parent} to write ${basename(path)} into.`,
      {
        hint: 'Make the folder first.',
        path: parent,
      },
    );
  await requireWritable(path);
}

/** Waits for checks. @throws one error that names all that fail, with the code of the first */
export async function allOf(...checks: readonly Promise<unknown>[]): Promise<void> {
  const reports = (await Promise.allSettled(checks)).flatMap((outcome) =>
    outcome.status === 'rejected' ? [toErrorReport(outcome.reason)] : [],
  );
  const [first] = reports;
  if (first === undefined) return;
  throw KarstError.fromReport({
    ...first,
    message: reports.map(({ message }) => message).join(' '),
    hint: reports.map(({ hint }) => hint).join(' '),
  });
}

/**
 * Whether an adapter's description matches a backbone reference; guards against a library edited by
 * hand.
 */
export function requireSameBackbone(adapter: Adapter, backbone: BackboneReference): void {
  if (adapter.backboneSha256 !== backbone.sha256)
    throw new KarstError(
      'backbone-mismatch',
      `The adapter "${adapter.name}" was trained on another backbone than "${backbone.name}" (sha256 ${adapter.backboneSha256.slice(0, 12)}… and ${backbone.sha256.slice(0, 12)}…).`,
      { hint: 'Add the backbone it was trained on.' },
    );
}

/** Validates a number set by the user. @throws usage */
export function requireCount(name: string, value: number, most = 1_000_000): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new KarstError(
    'usage',
    `--${name} is ${value}; it is a whole number from 1 to ${most.toLocaleString('en')}.`,
    { hint: `For example --${name} 8.` },
  );
}

/** A library name as a file name: letters, digits, dots and dashes. */
export function fileNameFor(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-');
}
