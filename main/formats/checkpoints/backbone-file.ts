import { KarstError } from '../../../shared/domain/errors.ts';
import { modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import type { ContainerTensor, TensorContainer } from '../containers/container.ts';
import { openContainer } from '../containers/open.ts';
import { ANCHORS } from './registry.ts';

const SEVERAL = 4;

/**
 * The weights of a backbone under timm's own names. Wrappers in training code leave prefixes before
 * every name (`module.`, `_orig_mod.`, `backbone.`, also several); they are removed here for all
 * readers.
 */
export class BackboneFile {
  readonly path: string;
  /** Prefix of every name in the file, such as `module.backbone.`; empty in a plain file. */
  readonly prefix: string;
  /** Without the prefix. */
  readonly tensors: ReadonlyMap<string, ContainerTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly container: TensorContainer;

  private constructor(file: TensorContainer) {
    this.container = file;
    this.path = file.path;
    this.metadata = file.metadata;
    this.prefix = commonPrefix(file.path, [...file.tensors.keys()]);
    const { length } = this.prefix;
    this.tensors = new Map([...file.tensors].map(([name, info]) => [name.slice(length), info]));
  }

  /** @throws as `openContainer`; format-unsupported when only some names have the prefix */
  static async open(path: string): Promise<BackboneFile> {
    const file = await openContainer(path);
    try {
      return new BackboneFile(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @param name without the prefix */
  readFloat32(name: string): Promise<Float32Array> {
    return this.container.readFloat32(this.prefix + name);
  }

  /**
   * Reads every tensor that an adapter needs: all except the head, which is replaced.
   * @throws file-damaged naming the tensor with a number that is not finite
   */
  async requireFinite(architecture: Architecture, signal?: AbortSignal): Promise<void> {
    for (const { name } of modelSpec(architecture).tensors) {
      if (signal?.aborted) throw new KarstError('cancelled', `Reading ${this.path} was cancelled.`);
      const found = await this.container.firstNotFinite(this.prefix + name);
      if (found !== null) throw notFinite(this.path, name, found.value, found.position);
    }
  }

  async close(): Promise<void> {
    await this.container.close();
  }
}

/** The error for unusable weights. */
export function notFinite(path: string, name: string, value: number, position: number): KarstError {
  return new KarstError(
    'file-damaged',
    `${path}: the tensor ${name} holds ${String(value)} at position ${position}; it cannot be used.`,
    {
      hint: 'Use a fresh copy of the backbone, or the weights of an earlier step: such numbers come from a diverged training.',
      path,
    },
  );
}

/**
 * Prefix of every name. @throws format-unsupported when only some names have it, or for several
 * models
 */
function commonPrefix(path: string, names: readonly string[]): string {
  const prefixes = ANCHORS.flatMap((anchor) =>
    names
      .filter((name) => name === anchor || name.endsWith(`.${anchor}`))
      .map((name) => name.slice(0, -anchor.length)),
  );
  const [prefix = ''] = prefixes;
  if (prefixes.length > 1)
    throw severalModels(
      path,
      `it holds several models, whose tensor names begin with ${listed(prefixes)}`,
    );
  if (prefix === '') return '';
  const others = names.filter((name) => !name.startsWith(prefix));
  if (others.length === 0) return prefix;
  throw severalModels(
    path,
    `its vision transformer's tensor names begin with "${prefix}", but there are others: ${others.slice(0, SEVERAL).join(', ')}${others.length > SEVERAL ? ` and ${others.length - SEVERAL} more` : ''}`,
  );
}

function listed(prefixes: readonly string[]): string {
  const shown = prefixes.slice(0, SEVERAL).map((p) => (p === '' ? 'no prefix' : `"${p}"`));
  return `${shown.join(', ')}${prefixes.length > SEVERAL ? ` and ${prefixes.length - SEVERAL} more` : ''}`;
}

function severalModels(path: string, why: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${why}.`, {
    hint: "Choose a file that holds one model, such as the model.safetensors of a model's page on the Hugging Face hub.",
    path,
  });
}
