import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Adapter } from '../../../shared/domain/library.ts';
import {
  ADAPTER_FILES,
  readAdapterFolder,
  type AdapterFolder,
} from '../../formats/adapter-folder.ts';
import { writeError, writeFolderAtomic } from '../../formats/files.ts';
import type { HomeFolders } from '../home.ts';
import type { AdapterRepository } from '../store/adapters.ts';
import type { EvaluationRepository } from '../store/evaluations.ts';
import type { ExportRepository } from '../store/exports.ts';
import type { Library } from '../store/library.ts';
import type { MergeRepository } from '../store/merges.ts';
import { checkName, freeName, newId, requireFreeName } from '../store/names.ts';
import { now } from '../store/rows.ts';
import type { RunRepository } from '../store/runs.ts';
import type { TagRepository } from '../store/tags.ts';
import type { DatasetService, EngineSpawner, Watching } from '../studio.ts';
import type { Backbones } from './backbones.ts';
import { makeFolder, moveToBin, statOrNull, throwIfCancelled } from './paths.ts';

export interface AdaptersContext {
  readonly library: Library;
  readonly adapters: AdapterRepository;
  readonly tags: TagRepository;
  readonly evaluations: EvaluationRepository;
  readonly merges: MergeRepository;
  readonly exports: ExportRepository;
  readonly runs: RunRepository;
  readonly folders: HomeFolders;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly backbones: Backbones;
  readonly datasets: DatasetService;
}

interface Origin {
  readonly name: string;
  readonly runId: string | null;
  readonly backboneId: string | null;
  readonly top1: number | null;
  readonly loss: number | null;
}

/** The adapters of the library: entered, copied in, tagged, put away. No engine is needed for any of it. */
export class AdapterShelf {
  protected readonly context: AdaptersContext;

  constructor(context: AdaptersContext) {
    this.context = context;
  }

  list(): Adapter[] {
    return this.context.adapters.list();
  }

  get(nameOrId: string): Adapter {
    return this.context.adapters.get(nameOrId);
  }

  /** Reads and checks an adapter folder. */
  async inspect(folder: string): Promise<AdapterFolder> {
    return readAdapterFolder(folder);
  }

  /** Enters a folder that lies in the library already; call it inside a transaction. */
  register(id: string, folder: AdapterFolder, origin: Origin): Adapter {
    this.context.adapters.insert({
      id,
      ...origin,
      method: folder.config.method,
      backboneName: folder.config.backboneName,
      backboneSha256: folder.config.backboneSha256 ?? '',
      classes: folder.labels,
      adapterParameters: folder.parameters.adapter,
      headParameters: folder.parameters.head,
      bytes: folder.bytes,
      createdAt: now(),
    });
    return this.get(id);
  }

  /**
   * Where the adapter of a run goes. What an earlier session left there without entering it (a crash between
   * writing and entering) is moved to the bin.
   */
  async placeForRun(runId: string): Promise<{ id: string; folder: string }> {
    const { folders, adapters } = this.context;
    await makeFolder(folders.adapters);
    const paired = runId.replace(/^run-/, 'ad-');
    const taken = adapters.list().some((a) => a.id === paired);
    const id = taken ? newId('adapter') : paired;
    const folder = join(folders.adapters, id);
    await moveToBin(folders, folder, id);
    return { id, folder };
  }

  async import(path: string, options: Watching & { name?: string } = {}): Promise<Adapter> {
    const { library, folders, backbones } = this.context;
    const source = resolve(path);
    const wanted = options.name === undefined ? null : checkName('adapter', options.name);
    if (wanted !== null) requireFreeName(library, 'adapter', wanted);
    const given = await readAdapterFolder(source);
    const backboneId = this.#backboneFor(given, backbones);
    throwIfCancelled(options.signal, 'The import');
    const id = newId('adapter');
    const folder = join(folders.adapters, id);
    await makeFolder(folders.adapters);
    await copyAdapter(source, folder);
    try {
      // What counts is what lies in the library now, not what lay in the source a moment ago.
      const copied = await readAdapterFolder(folder);
      this.#backboneFor(copied, backbones);
      throwIfCancelled(options.signal, 'The import');
      return library.transaction(() =>
        this.register(id, copied, {
          name: this.#nameOf(wanted, copied, source),
          runId: null,
          backboneId,
          top1: copied.config.training?.valTop1 ?? null,
          loss: copied.config.training?.valLoss ?? null,
        }),
      );
    } catch (error) {
      // The copy is ours and was never entered.
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #nameOf(wanted: string | null, folder: AdapterFolder, source: string): string {
    const { library } = this.context;
    if (wanted !== null) {
      requireFreeName(library, 'adapter', wanted);
      return wanted;
    }
    const name = folder.config.training?.runName || source.split(/[/\\]/).at(-1) || 'adapter';
    return freeName(
      library,
      'adapter',
      checkName('adapter', name.replace(/^[.-]+/, '') || 'adapter'),
    );
  }

  /** Id of the backbone that the description names; null for a model that brings all its weights. */
  #backboneFor(folder: AdapterFolder, backbones: Backbones): string | null {
    const { backboneSha256: sha256, backboneName, architecture } = folder.config;
    if (sha256 === null) {
      if (folder.config.method === 'full') return null;
      throw mismatch(folder.dir, 'it names no backbone');
    }
    const backbone = backbones.bySha256(sha256);
    if (backbone === null)
      throw mismatch(
        folder.dir,
        `it was trained on the backbone "${backboneName}" (sha256 ${sha256.slice(0, 12)}…), which is not in the library`,
      );
    for (const [key, value] of Object.entries(backbone.architecture))
      if (architecture[key as keyof typeof architecture] !== value)
        throw mismatch(
          folder.dir,
          `its description says ${key} ${String(architecture[key as keyof typeof architecture])}, the backbone "${backbone.name}" has ${String(value)}`,
        );
    return backbone.id;
  }

  async remove(nameOrId: string): Promise<Adapter> {
    const adapter = this.get(nameOrId);
    await moveToBin(this.context.folders, adapter.folder, adapter.id);
    this.context.adapters.remove(adapter.id);
    return adapter;
  }

  tag(nameOrId: string, tags: readonly string[], options: { remove?: boolean } = {}): Adapter {
    const { id } = this.get(nameOrId);
    const tidy = tags.map((tag) => tag.trim().normalize('NFC'));
    for (const tag of tidy)
      if (tag === '' || tag.length > 50 || /[\p{Cc}\p{Cf},]/u.test(tag))
        throw new KarstError('usage', `"${tag}" cannot be a tag.`, {
          hint: 'A tag has 1 to 50 visible characters and no comma.',
        });
    if (options.remove === true) this.context.tags.remove(id, tidy);
    else this.context.tags.add(id, tidy);
    return this.get(id);
  }
}

/** Copies the five files of an adapter, whole or not at all; anything else in the folder stays behind. */
export async function copyAdapter(source: string, target: string): Promise<void> {
  await writeFolderAtomic(target, async (tmp) => {
    for (const name of ADAPTER_FILES) {
      const from = join(source, name);
      if ((await statOrNull(from)) === null) continue;
      await copyFile(from, join(tmp, name)).catch((error: unknown) => {
        throw writeError(join(target, name), error);
      });
    }
  });
}

function mismatch(path: string, why: string): KarstError {
  return new KarstError('backbone-mismatch', `The adapter ${path} cannot be taken: ${why}.`, {
    hint: 'Add the backbone it was trained on with `karst backbone add`, then import again.',
    path,
  });
}
