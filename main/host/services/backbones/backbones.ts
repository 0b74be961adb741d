import type { Stats } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BackboneReference } from '../../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Backbone, BackbonePreview } from '../../../../shared/domain/library.ts';
import type { Said } from '../../../../shared/domain/said.ts';
import { copyFileAtomic, sha256OfFile, writeError } from '../../../formats/files.ts';
import type { RecognisedBackbone } from '../../../formats/checkpoints/registry.ts';
import { addressOfPath } from '../../../hub/place.ts';
import type { BackboneRepository } from '../../store/backbones.ts';
import type { Library } from '../../store/library.ts';
import { checkName, freeName, newId, requireFreeName } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import type { BackboneOptions, BackboneService } from '../../contract/backbones.ts';
import type { Watching } from '../../contract/watching.ts';
import { differenceOf } from '../architecture-difference.ts';
import {
  hashFiles,
  hashOfAll,
  missingOf,
  verifyFiles,
  type BackboneFiles,
} from './backbone-files.ts';
import { nameOf } from './backbone-name.ts';
import { weightsAt } from './backbone-weights.ts';
import { inspectBackbone, recogniseAt } from './inspection.ts';
import { statOf, statOrNull, throwIfCancelled } from '../paths.ts';

export class Backbones implements BackboneService {
  readonly #library: Library;
  readonly #repository: BackboneRepository;
  /** Id of the bundled starter; null if there is none. */
  #starter: string | null = null;

  constructor(library: Library, repository: BackboneRepository) {
    this.#library = library;
    this.#repository = repository;
  }

  async add(path: string, options: BackboneOptions = {}): Promise<Backbone> {
    const weights = await weightsAt(path);
    if (options.name !== undefined) await this.#checkWanted(options.name);
    const found = await inspectBackbone(weights, options.said, options.signal);
    const { paths, ...recognised } = found;
    const files = await hashFiles(paths, options);
    throwIfCancelled(options.signal, `Adding ${weights}`);
    const sha256 = hashOfAll(files);
    const known = this.#repository.ofWeights(sha256);
    const again = await this.#again(known, { weights, files, recognised, options });
    if (again !== null) return again;
    // In the hub's cache, where the folder is called by a commit.
    const onHub = addressOfPath(weights);
    const [{ modifiedMs }] = files;
    const backbone: Backbone = {
      id: newId('backbone'),
      name:
        options.name === undefined
          ? this.freeName(nameOf(weights, onHub?.address ?? recognised.timmName))
          : checkName('backbone', options.name),
      path: weights,
      sha256,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      modifiedMs,
      files,
      ...recognised,
      licence: recognised.licence ?? options.licence ?? null,
      revision: options.revision ?? onHub?.revision ?? null,
      createdAt: now(),
    };
    this.#library.transaction(() => {
      requireFreeName(this.#library, 'backbone', backbone.name);
      // Another process may have added it since.
      const same = sameNetwork(this.#repository.ofWeights(sha256), backbone);
      if (same !== undefined) throw inLibrary(weights, same);
      this.#repository.insert(backbone);
    });
    return backbone;
  }

  /** A name may be that of a backbone whose files were moved, which may be these. @throws name-taken, usage */
  async #checkWanted(wanted: string): Promise<void> {
    const name = checkName('backbone', wanted);
    const holder = this.list().find((one) => one.name === name);
    const gone = holder !== undefined && (await missingOf(holder.files)) !== null;
    if (!gone) requireFreeName(this.#library, 'backbone', name);
  }

  /**
   * What adding means for weights that the library has: where their files were moved, everything
   * that uses them finds them at their new path, under the name that is given.
   * @returns null where they are another network by what is said of them: a backbone of its own
   * @throws already-added where they are in their old place, as the same network
   */
  async #again(
    known: readonly Backbone[],
    { weights, files, recognised, options }: Again,
  ): Promise<Backbone | null> {
    const moved: Backbone[] = [];
    for (const one of known) if ((await missingOf(one.files)) !== null) moved.push(one);
    // What a configuration beside the files says now is not what was trained with.
    const asked = Object.keys(options.said ?? {}).length > 0;
    const found = sameNetwork(known, recognised) ?? (asked ? undefined : moved[0]);
    if (found === undefined) return null;
    if (!moved.includes(found)) throw inLibrary(weights, found);
    const name = options.name === undefined ? found.name : checkName('backbone', options.name);
    this.#library.transaction(() => {
      for (const { id } of moved) this.#repository.relocate(id, files);
      if (name !== found.name) {
        requireFreeName(this.#library, 'backbone', name);
        this.#repository.rename(found.id, name);
      }
    });
    return this.get(found.id);
  }

  async preview(path: string, said: Said = {}): Promise<BackbonePreview> {
    const weights = await weightsAt(path);
    const { paths, ...recognised } = await recogniseAt(weights, said);
    const sizes = await Promise.all(paths.map(async (file) => (await statOf(file)).size));
    return {
      path: weights,
      files: paths.length,
      bytes: sizes.reduce((a, b) => a + b, 0),
      ...recognised,
    };
  }

  checkNewName(wanted: string): string {
    const name = checkName('backbone', wanted);
    requireFreeName(this.#library, 'backbone', name);
    return name;
  }

  /** The name, or one made from it where another backbone has it. */
  freeName(wanted: string): string {
    return freeName(this.#library, 'backbone', checkName('backbone', wanted));
  }

  list(): Backbone[] {
    return this.#repository.list();
  }

  get(nameOrId: string): Backbone {
    return this.#repository.get(nameOrId);
  }

  isStarter(backbone: Backbone): boolean {
    return backbone.id === this.#starter;
  }

  rename(nameOrId: string, wanted: string): Backbone {
    const name = checkName('backbone', wanted);
    return this.#library.transaction(() => {
      const backbone = this.get(nameOrId);
      if (name !== backbone.name) {
        requireFreeName(this.#library, 'backbone', name);
        this.#repository.rename(backbone.id, name);
      }
      return this.get(backbone.id);
    });
  }

  /** The networks of these weights. */
  ofWeights(sha256: string): Backbone[] {
    return this.#repository.ofWeights(sha256);
  }

  remove(nameOrId: string): Backbone {
    const backbone = this.get(nameOrId);
    const dependants = this.#repository.dependants(backbone.id);
    if (dependants.length > 0)
      throw new KarstError(
        'in-use',
        `The backbone "${backbone.name}" cannot be removed: ${dependants.slice(0, 5).join(', ')}${dependants.length > 5 ? ` and ${dependants.length - 5} more` : ''} ${dependants.length === 1 ? 'uses' : 'use'} it.`,
        {
          hint: 'Remove those first, also from the bin.',
        },
      );
    this.#repository.remove(backbone.id);
    return backbone;
  }

  /**
   * The reference for an engine, after checking the file: if its size or time has changed, it is
   * hashed again.
   * @throws not-found when the file is missing, file-changed when its content has changed
   */
  async reference(backbone: Backbone, watching: Watching = {}): Promise<BackboneReference> {
    const { path, sha256, name, architecture, preprocessing, positionRule } = backbone;
    const missing = await missingOf(backbone.files);
    if (missing !== null)
      throw new KarstError('not-found', `The backbone "${name}" is no longer at ${missing}.`, {
        hint: `Restore the file, or add it from its new path with \`karst backbone add\`.`,
        path: missing,
      });
    const now = await verifyFiles(backbone, watching);
    if (now !== null && !this.#library.readOnly) this.#repository.relocate(backbone.id, now);
    return { path, sha256, name, architecture, preprocessing, positionRule };
  }

  /**
   * Registers the bundled starter and copies it into `keep`: adapters trained on it must still find
   * it when an update brings another one, which is registered separately.
   */
  async registerStarter(folder: string, keep: string): Promise<void> {
    const weights = join(folder, 'model.safetensors');
    const info = await statOrNull(weights);
    if (info === null) return;
    const copied = this.#repository.list().find((b) => isCopyOf(b, keep, info) && isAsFilesSay(b));
    if (copied !== undefined && (await statOrNull(copied.path)) !== null) {
      this.#starter = copied.id;
      return;
    }
    const sha256 = await sha256OfFile(weights);
    const starter =
      this.#repository.ofWeights(sha256).find(isAsFilesSay) ??
      (await this.add(weights, { name: freeName(this.#library, 'backbone', 'starter') }));
    this.#starter = starter.id;
    // A file that the user added stays where it is.
    if (starter.path !== weights && (await statOrNull(starter.path)) !== null) return;
    const kept = join(keep, `starter-${sha256.slice(0, 8)}.safetensors`);
    await mkdir(keep, { recursive: true }).catch((error: unknown) => {
      throw writeError(keep, error);
    });
    await copyFileAtomic(weights, kept);
    const { size, mtimeMs } = await statOf(kept);
    this.#repository.relocate(starter.id, [
      { path: kept, bytes: size, modifiedMs: mtimeMs, sha256 },
    ]);
  }
}

/** Weights of the library that are added again. */
interface Again {
  readonly weights: string;
  readonly files: BackboneFiles;
  readonly recognised: Pick<RecognisedBackbone, 'architecture'>;
  readonly options: BackboneOptions;
}

/** Of networks of the same weights, the one with this architecture. */
export function sameNetwork(
  known: readonly Backbone[],
  { architecture }: Pick<Backbone, 'architecture'>,
): Backbone | undefined {
  return known.find((one) => differenceOf(architecture, one.architecture) === null);
}

/** Whether no option has changed what the files say. */
const isAsFilesSay = ({ assumed }: Backbone): boolean =>
  assumed.every(({ from }) => from !== 'option');

/** Of networks of the same weights the one that no option has changed, else the first; null of none. */
export function asFilesSay(known: readonly Backbone[]): Backbone | null {
  return known.find(isAsFilesSay) ?? known[0] ?? null;
}

function inLibrary(path: string, { name, id }: Backbone): KarstError {
  return new KarstError(
    'already-added',
    `${path} is in the library already, as "${name}" (${id}).`,
    {
      hint: `Use "${name}", say otherwise what weights do not tell, which makes a backbone of its own, or remove "${name}" first.`,
      entry: name,
      path,
    },
  );
}

/** Whether a backbone is the copy of this file, by path, size and time. */
function isCopyOf(backbone: Backbone, keep: string, file: Stats): boolean {
  return (
    dirname(backbone.path) === keep &&
    backbone.bytes === file.size &&
    // Copies keep times to the microsecond at best.
    Math.abs(backbone.modifiedMs - file.mtimeMs) < 1
  );
}
