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
import { differenceOf, type Difference } from '../architecture-difference.ts';
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
    const known = this.#repository.bySha256(sha256);
    if (known !== null) return await this.#again(known, { weights, files, recognised, options });
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
   * @throws name-taken where they are in their old place, or are to be computed otherwise
   */
  async #again(known: Backbone, { weights, files, recognised, options }: Again): Promise<Backbone> {
    const moved = (await missingOf(known.files)) !== null;
    const differs = differenceOf(recognised.architecture, known.architecture);
    // What a configuration beside the files says now is not what was trained with.
    const asked = Object.keys(options.said ?? {}).length > 0;
    if (differs !== null && (asked || !moved)) throw otherSettings(weights, known, differs);
    if (!moved) throw inLibrary(weights, known);
    const name = options.name === undefined ? known.name : checkName('backbone', options.name);
    this.#library.transaction(() => {
      this.#repository.relocate(known.id, files);
      if (name !== known.name) {
        requireFreeName(this.#library, 'backbone', name);
        this.#repository.rename(known.id, name);
      }
    });
    return this.get(known.id);
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

  bySha256(sha256: string): Backbone | null {
    return this.#repository.bySha256(sha256);
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
    const copied = this.#repository.list().find((b) => isCopyOf(b, keep, info));
    if (copied !== undefined && (await statOrNull(copied.path)) !== null) {
      this.#starter = copied.id;
      return;
    }
    const sha256 = await sha256OfFile(weights);
    const starter =
      this.#repository.bySha256(sha256) ??
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

function otherSettings(
  path: string,
  { name, id }: Backbone,
  { key, said, is }: Difference,
): KarstError {
  return new KarstError(
    'name-taken',
    `${path} is in the library already, as "${name}" (${id}), where its ${key} is ${is}, not ${said}. Weights are in the library once: adapters know them by their hash.`,
    {
      hint: `Use "${name}" as it is, or remove it (\`karst backbone remove\`) with the runs and adapters that use it, then add the file again.`,
      path,
    },
  );
}

function inLibrary(path: string, { name, id }: Backbone): KarstError {
  return new KarstError('name-taken', `${path} is in the library already, as "${name}" (${id}).`, {
    hint: `Use "${name}", or remove it first.`,
    path,
  });
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
