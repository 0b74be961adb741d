import { copyFile, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AdapterFilter } from '../../../../shared/contract/window/adapters.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import type { Adapter } from '../../../../shared/domain/library.ts';
import {
  ADAPTER_FILES,
  ADAPTER_WEIGHTS,
  readAdapterFolder,
  relabelAdapterFolder,
  type AdapterFolder,
} from '../../../formats/adapter-folder.ts';
import { makeFolder, sha256OfFile, writeError, writeFolderAtomic } from '../../../formats/files.ts';
import { isKarstFile, KARST_ENDING, unpackKarstFile } from '../../../formats/karst-file.ts';
import type { HomeFolders } from '../../home.ts';
import type { AdapterPage, AdapterRepository } from '../../store/adapters.ts';
import type { EvaluationRepository } from '../../store/evaluations.ts';
import type { ExportRepository } from '../../store/exports.ts';
import type { Library } from '../../store/library.ts';
import type { MergeRepository } from '../../store/merges.ts';
import { checkName, freeName, newId, requireFreeName } from '../../store/names.ts';
import type { NoteRepository } from '../../store/notes.ts';
import { now } from '../../store/rows.ts';
import type { RunRepository } from '../../store/runs.ts';
import type { TagRepository } from '../../store/tags.ts';
import type { AdapterLineage, AdapterResults, AdapterService } from '../../contract/adapters.ts';
import type { Page, Watching } from '../../contract/watching.ts';
import { differenceOf } from '../architecture-difference.ts';
import { sameNetwork, type Backbones } from '../backbones/backbones.ts';
import type { Bin } from '../bin.ts';
import { checkClassName } from '../class-name.ts';
import { moveToBin, statOrNull, throwIfCancelled } from '../paths.ts';
import { MANIFEST } from '../manifest.ts';

export interface AdaptersContext {
  readonly library: Library;
  readonly adapters: AdapterRepository;
  readonly tags: TagRepository;
  readonly notes: NoteRepository;
  readonly evaluations: EvaluationRepository;
  readonly merges: MergeRepository;
  readonly exports: ExportRepository;
  readonly runs: RunRepository;
  readonly folders: HomeFolders;
  readonly bin: Bin;
  readonly backbones: Backbones;
  /** Releases an adapter whose folder is about to move. */
  readonly release: (adapterId: string) => Promise<void>;
}

interface Origin {
  readonly name: string;
  readonly runId: string | null;
  readonly parentId: string | null;
  readonly backboneId: string | null;
  readonly top1: number | null;
  readonly loss: number | null;
}

/** The library's adapters: registering, importing, tagging, removing. Needs no engine. */
export class Adapters implements AdapterService {
  readonly #c: AdaptersContext;

  constructor(context: AdaptersContext) {
    this.#c = context;
  }

  list(): Adapter[] {
    return this.#c.adapters.list();
  }

  page(filter: AdapterFilter, page: Page): AdapterPage {
    return this.#c.adapters.page(filter, page.offset, page.limit);
  }

  /** Every tag in use, in alphabetical order. */
  tags(): string[] {
    return this.#c.adapters.tags();
  }

  get(nameOrId: string): Adapter {
    return this.#c.adapters.get(nameOrId);
  }

  lineage(nameOrId: string): AdapterLineage {
    const { adapters, notes, runs } = this.#c;
    const adapter = this.get(nameOrId);
    const run = runs.find(adapter.runId);
    const line = adapter.runId === null ? [adapter] : adapters.ofRun(adapter.runId);
    return {
      adapter,
      notes: notes.of(adapter.id),
      version: 1 + line.findIndex(({ id }) => id === adapter.id),
      versions: line.toReversed(),
      runId: run?.id ?? null,
      parent: adapters.parent(adapter.parentId),
      manifest:
        run === null
          ? null
          : {
              path: join(run.folder, MANIFEST),
              sha256: run.manifestSha256,
              counts: run.counts,
            },
    };
  }

  results(nameOrId: string): AdapterResults {
    const { id } = this.get(nameOrId);
    const { evaluations, merges, exports } = this.#c;
    return { evaluations: evaluations.of(id), merges: merges.of(id), exports: exports.of(id) };
  }

  rename(nameOrId: string, wanted: string): Adapter {
    const { library, adapters } = this.#c;
    const { id, name } = this.get(nameOrId);
    const tidy = checkName('adapter', wanted);
    if (tidy !== name)
      library.transaction(() => {
        requireFreeName(library, 'adapter', tidy);
        adapters.rename(id, tidy);
      });
    return this.get(id);
  }

  async renameClasses(nameOrId: string, names: ReadonlyMap<string, string>): Promise<Adapter> {
    const { library, adapters, release } = this.#c;
    library.requireWritable();
    const adapter = this.get(nameOrId);
    for (const from of names.keys())
      if (!adapter.classes.includes(from))
        throw new KarstError('not-found', `The adapter "${adapter.name}" has no class "${from}".`, {
          hint: `\`karst adapter show ${adapter.name}\` lists its classes.`,
        });
    const classes = adapter.classes.map((own) => {
      const name = names.get(own);
      return name === undefined ? own : checkClassName(name);
    });
    const twice = classes.find((name, i) => classes.indexOf(name) !== i);
    if (twice !== undefined)
      throw new KarstError(
        'name-taken',
        `The adapter "${adapter.name}" would have two classes "${twice}".`,
        { hint: 'Give each class a name of its own.' },
      );
    // A warm engine has the former names.
    await release(adapter.id);
    const bytes = await relabelAdapterFolder(adapter.folder, classes);
    adapters.setClasses(adapter.id, classes, bytes);
    return this.get(adapter.id);
  }

  /** Replaces its notes with `text`. */
  note(nameOrId: string, text: string): void {
    const { library, adapters, notes } = this.#c;
    const { id } = this.get(nameOrId);
    library.transaction(() => {
      notes.write(id, text.trim());
      adapters.refreshSearch(id);
    });
  }

  /** Reads and checks an adapter folder. */
  async inspect(folder: string): Promise<AdapterFolder> {
    return readAdapterFolder(folder);
  }

  /** Registers a folder that is in the library already; call it inside a transaction. */
  register(id: string, folder: AdapterFolder, origin: Origin): Adapter {
    this.#c.adapters.insert({
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
   * The folder for a run's adapter. A leftover of an earlier session (a crash between writing and
   * registering) is moved to the bin.
   */
  async placeForRun(runId: string): Promise<{ id: string; folder: string }> {
    const { folders, adapters } = this.#c;
    await makeFolder(folders.adapters);
    const paired = runId.replace(/^run-/, 'ad-');
    const id = adapters.exists(paired) ? newId('adapter') : paired;
    const folder = join(folders.adapters, id);
    await moveToBin(folders, folder, id);
    return { id, folder };
  }

  async import(path: string, options: Watching & { name?: string } = {}): Promise<Adapter> {
    const { library, folders, backbones } = this.#c;
    library.requireWritable();
    const source = resolve(path);
    const wanted = options.name === undefined ? null : checkName('adapter', options.name);
    if (wanted !== null) requireFreeName(library, 'adapter', wanted);
    const packed = await isKarstFile(source);
    // A folder is checked in place, before anything is copied.
    if (!packed) this.#backboneFor(await readAdapterFolder(source), backbones);
    throwIfCancelled(options.signal, 'The import');
    const id = newId('adapter');
    const folder = join(folders.adapters, id);
    await makeFolder(folders.adapters);
    if (packed)
      await unpackKarstFile(source, folder, {
        signal: options.signal,
        onBytes: (done, total) => options.onProgress?.({ phase: 'unpacking', done, total }),
      });
    else await copyAdapter(source, folder);
    try {
      // Check the copy in the library: the source may have changed.
      const copied = await readAdapterFolder(folder);
      const backboneId = this.#backboneFor(copied, backbones);
      throwIfCancelled(options.signal, 'The import');
      return library.transaction(() =>
        this.register(id, copied, {
          name: this.#nameOf(wanted, copied, source),
          runId: null,
          parentId: null,
          backboneId,
          top1: copied.config.training?.valTop1 ?? null,
          loss: copied.config.training?.valLoss ?? null,
        }),
      );
    } catch (error) {
      // The copy is ours and was never registered.
      await rm(folder, { recursive: true, force: true });
      throw packed ? inside(source, folder, error) : error;
    }
  }

  async twin(nameOrId: string): Promise<Adapter | null> {
    const { id, ...adapter } = this.get(nameOrId);
    const weights = ({ folder }: Pick<Adapter, 'folder'>): Promise<string | null> =>
      sha256OfFile(join(folder, ADAPTER_WEIGHTS)).catch(() => null);
    const alike = this.list().filter(
      (other) =>
        other.id !== id &&
        other.method === adapter.method &&
        other.backboneId === adapter.backboneId &&
        other.adapterParameters === adapter.adapterParameters &&
        isDeepStrictEqual(other.classes, adapter.classes),
    );
    const own = alike.length === 0 ? null : await weights(adapter);
    if (own === null) return null;
    for (const other of alike) if ((await weights(other)) === own) return other;
    return null;
  }

  #nameOf(wanted: string | null, folder: AdapterFolder, source: string): string {
    const { library } = this.#c;
    if (wanted !== null) {
      requireFreeName(library, 'adapter', wanted);
      return wanted;
    }
    const file = basename(source);
    const name =
      folder.config.training?.runName ||
      (file.toLowerCase().endsWith(KARST_ENDING) ? file.slice(0, -KARST_ENDING.length) : file);
    return freeName(
      library,
      'adapter',
      checkName('adapter', name.replace(/^[.-]+/, '') || 'adapter'),
    );
  }

  /** Id of the backbone that the description names; null for a model with all its weights. */
  #backboneFor(folder: AdapterFolder, backbones: Backbones): string | null {
    const { backboneSha256: sha256, backboneName, architecture } = folder.config;
    if (sha256 === null) {
      if (folder.config.method === 'full') return null;
      throw mismatch(folder.dir, 'it names no backbone');
    }
    const known = backbones.ofWeights(sha256);
    const same = sameNetwork(known, { architecture });
    if (same !== undefined) return same.id;
    const [backbone] = known;
    if (backbone === undefined)
      throw mismatch(
        folder.dir,
        `it was trained on the backbone "${backboneName}" (sha256 ${sha256.slice(0, 12)}…), which is not in the library`,
      );
    const differs = differenceOf(architecture, backbone.architecture);
    throw mismatch(
      folder.dir,
      `its description says ${String(differs?.key)} ${String(differs?.said)}, the backbone "${backbone.name}" has ${String(differs?.is)}`,
      'Add the same weights once more, with options of `karst backbone add` that say so, then import again.',
    );
  }

  async remove(nameOrId: string): Promise<Adapter> {
    const adapter = this.get(nameOrId);
    // A warm engine has its files open, which prevents moving them on some systems.
    await this.#c.release(adapter.id);
    await this.#c.bin.put('adapter', adapter);
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
    const { library, adapters } = this.#c;
    library.transaction(() => {
      if (options.remove === true) this.#c.tags.remove(id, tidy);
      else this.#c.tags.add(id, tidy);
      adapters.refreshSearch(id);
    });
    return this.get(id);
  }
}

/** Copies the five files of an adapter, all or none, and nothing else. */
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

/** Names the `.karst` file in an error instead of the folder it was unpacked to. */
function inside(source: string, folder: string, error: unknown): KarstError {
  const { code, message, hint } = toErrorReport(error);
  return new KarstError(code, message.replaceAll(folder, source), {
    hint,
    path: source,
    cause: error,
  });
}

function mismatch(
  path: string,
  why: string,
  hint = 'Add the backbone it was trained on with `karst backbone add`, then import again.',
): KarstError {
  return new KarstError('backbone-mismatch', `The adapter ${path} cannot be imported: ${why}.`, {
    hint,
    path,
  });
}
