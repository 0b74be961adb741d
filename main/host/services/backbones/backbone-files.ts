import { createHash } from 'node:crypto';
import type { BackboneFile } from '../../../../shared/domain/backbone.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Backbone } from '../../../../shared/domain/library.ts';
import { sha256OfFile } from '../../../formats/files.ts';
import type { Watching } from '../../contract/watching.ts';
import { statOf, statOrNull, throwIfCancelled } from '../paths.ts';

/** The files of a backbone, of which it has one at least. */
export type BackboneFiles = readonly [BackboneFile, ...BackboneFile[]];

/** Hashes the files at `paths`. @throws not-found, not-readable, cancelled */
export async function hashFiles(
  paths: readonly [string, ...string[]],
  watching: Watching,
): Promise<BackboneFiles> {
  const places = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await statOf(path);
      return { path, bytes: size, modifiedMs: mtimeMs };
    }),
  );
  const total = places.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const files: BackboneFile[] = [];
  for (const place of places) {
    const sha256 = await sha256OfFile(place.path, (bytes) => {
      throwIfCancelled(watching.signal, `Hashing ${place.path}`);
      done += bytes;
      watching.onProgress?.({ phase: 'hashing', done, total });
    });
    files.push({ ...place, sha256 });
  }
  return files as [BackboneFile, ...BackboneFile[]];
}

/** Identity of a backbone: the hash of its file; of several that of their sorted hashes, one a line. */
export function hashOfAll(files: BackboneFiles): string {
  const [{ sha256 }, ...others] = files;
  if (others.length === 0) return sha256;
  const lines = files.map((file) => `${file.sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Path of the first file that is no longer there; null when all are. */
export async function missingOf(files: readonly BackboneFile[]): Promise<string | null> {
  for (const { path } of files) if ((await statOrNull(path)) === null) return path;
  return null;
}

/**
 * Compares the files with what was added: those of another time are hashed again.
 * @returns the files as they are now; null when nothing changed
 * @throws file-changed naming the first whose content has changed
 */
export async function verifyFiles(
  { name, files }: Pick<Backbone, 'name' | 'files'>,
  watching: Watching,
): Promise<BackboneFiles | null> {
  const found: BackboneFile[] = [];
  for (const file of files) {
    const { size, mtimeMs } = await statOf(file.path);
    const same = size === file.bytes && mtimeMs === file.modifiedMs;
    const [now] = same || size !== file.bytes ? [file] : await hashFiles([file.path], watching);
    if (size !== file.bytes || now.sha256 !== file.sha256)
      throw new KarstError(
        'file-changed',
        `The backbone "${name}" was changed: ${file.path} is no longer the file that was added.`,
        {
          hint: 'Restore the old file, or add the new one under another name.',
          path: file.path,
        },
      );
    found.push(now);
  }
  const changed = found.some((file, i) => file !== files[i]);
  return changed ? (found as [BackboneFile, ...BackboneFile[]]) : null;
}
