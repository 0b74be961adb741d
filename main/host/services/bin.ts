import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { makeFolder, readError, syncFolder, writeError } from '../../formats/files.ts';
import type { HomeFolders } from '../home.ts';
import type { AdapterRepository } from '../store/adapters.ts';
import type { BinRepository, BinRow } from '../store/bin.ts';
import type { Library } from '../store/library.ts';
import { freeName } from '../store/names.ts';
import { now } from '../store/rows.ts';
import type { BinService, Restored } from '../contract/adapters.ts';
import { statOrNull } from './paths.ts';

/**
 * Holds removed runs, adapters and datasets until they are restored or deleted permanently. The library is
 * updated first and the folder moved second, so that `restore` can repair a crash in between.
 */
export class Bin implements BinService {
  readonly #library: Library;
  readonly #bin: BinRepository;
  readonly #adapters: AdapterRepository;
  readonly #folders: HomeFolders;

  constructor(
    library: Library,
    repositories: { bin: BinRepository; adapters: AdapterRepository },
    folders: HomeFolders,
  ) {
    this.#library = library;
    this.#bin = repositories.bin;
    this.#adapters = repositories.adapters;
    this.#folders = folders;
  }

  /**
   * Removes a run or adapter from the library, with its folder. @throws not-writable, leaving
   * everything unchanged
   */
  async put(
    kind: 'run' | 'adapter',
    thing: { id: string; name: string; folder: string },
  ): Promise<void> {
    this.#library.requireWritable();
    const { id, name, folder } = thing;
    const removedAt = now();
    const row: BinRow = {
      id,
      kind,
      name,
      folder: `${id}-${removedAt.replaceAll(/[:.]/g, '-')}`,
      bytes: await bytesBelow(folder),
      removedAt,
    };
    await makeFolder(this.#folders.bin);
    this.#bin.put(row);
    try {
      await this.#move(folder, join(this.#folders.bin, row.folder));
    } catch (error) {
      this.#bin.takeOut(row, freeName(this.#library, kind, name));
      throw error;
    }
  }

  list(): BinRow[] {
    return this.#bin.list();
  }

  find(nameOrId: string): BinRow {
    return this.#bin.get(nameOrId);
  }

  async restore(nameOrId: string): Promise<Restored> {
    this.#library.requireWritable();
    const row = this.#bin.get(nameOrId);
    const { id, kind } = row;
    const binned = join(this.#folders.bin, row.folder);
    const folder = this.#placeOf(row);
    if (
      folder !== null &&
      !(await this.#move(binned, folder)) &&
      (await statOrNull(folder)) === null
    )
      throw new KarstError('not-found', `The folder of "${row.name}" is missing: ${binned}.`, {
        hint: 'Restore the folder, or delete it from the bin permanently.',
        path: binned,
      });
    const name = this.#library.transaction(() => {
      const free = freeName(this.#library, kind, row.name);
      this.#bin.takeOut(row, free);
      if (kind === 'adapter') this.#adapters.refreshSearch(id);
      return free;
    });
    return { id, kind, name, formerName: row.name };
  }

  async delete(nameOrId: string): Promise<BinRow> {
    this.#library.requireWritable();
    const row = this.#bin.get(nameOrId);
    // The second exists if the studio ended between the library's update and the move.
    const place = this.#placeOf(row);
    for (const folder of place === null ? [] : [join(this.#folders.bin, row.folder), place])
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
        throw writeError(folder, error);
      });
    this.#bin.forget(row);
    return row;
  }

  /** null for a dataset, whose images are not the studio's. */
  #placeOf({ id, kind }: BinRow): string | null {
    if (kind === 'dataset') return null;
    return join(kind === 'run' ? this.#folders.runs : this.#folders.adapters, id);
  }

  /** False when there is nothing to move. */
  async #move(from: string, to: string): Promise<boolean> {
    if ((await statOrNull(from)) === null) return false;
    if ((await statOrNull(to)) !== null)
      throw new KarstError('name-taken', `${to} already exists and is not overwritten.`, {
        hint: 'Move it away.',
        path: to,
      });
    const [source, target] = [join(from, '..'), join(to, '..')];
    await makeFolder(target);
    try {
      await rename(from, to);
    } catch (error) {
      throw writeError(to, error);
    }
    await syncFolder(target);
    await syncFolder(source);
    return true;
  }
}

/** Total size of the files below a folder; 0 if it is missing. */
async function bytesBelow(folder: string): Promise<number> {
  if ((await statOrNull(folder)) === null) return 0;
  let bytes = 0;
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  } catch (error) {
    throw readError(folder, error);
  }
  return bytes;
}
