import { KarstError } from '../../../shared/domain/errors.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { openContainer } from '../containers/open.ts';
import type { TensorContainer } from '../containers/container.ts';
import { assemble, type Assembly } from './assembly.ts';
import { translateNames, type Translation } from './translate.ts';

/**
 * The weights of a backbone under canonical names, whichever library's they have in the file: see
 * `translateNames`.
 */
export class Checkpoint {
  readonly path: string;
  readonly container: TensorContainer;
  readonly translation: Translation;
  /** Stored tensors that hold all blocks, which are asked for block by block. */
  readonly #stacked = new Map<string, Float32Array>();

  private constructor(container: TensorContainer) {
    this.path = container.path;
    this.container = container;
    this.translation = translateNames(container.path, container.tensors);
  }

  /** @throws as `openContainer` and `translateNames` */
  static async open(path: string): Promise<Checkpoint> {
    const container = await openContainer(path);
    try {
      return new Checkpoint(container);
    } catch (error) {
      await container.close();
      throw error;
    }
  }

  get tensors(): ReadonlyMap<string, Assembly> {
    return this.translation.tensors;
  }

  /** @param name canonical. @throws not-found; otherwise as the container */
  async readFloat32(name: string): Promise<Float32Array> {
    const assembly = this.tensors.get(name);
    if (assembly === undefined)
      throw new KarstError('not-found', `${this.path} holds no tensor ${name}.`, {
        path: this.path,
      });
    const stacked = new Set(
      assembly.parts.flatMap((part) =>
        'from' in part && part.block !== undefined ? [part.from] : [],
      ),
    );
    return assemble(assembly, async (from) => {
      const shape = this.container.tensors.get(from)?.shape ?? [];
      if (!stacked.has(from)) return { values: await this.container.readFloat32(from), shape };
      const values = this.#stacked.get(from) ?? (await this.container.readFloat32(from));
      this.#stacked.set(from, values);
      return { values, shape };
    });
  }

  /**
   * Reads every tensor that the architecture needs: by default all except the head, which is
   * replaced for training.
   * @throws file-damaged naming the stored tensor with a number that is not finite
   */
  async requireFinite(
    architecture: Architecture,
    { head = false, signal }: { head?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    const stored = new Set<string>();
    for (const { name } of familyOf(architecture).tensors(
      architecture,
      head ? architecture.classes : 0,
    ))
      for (const part of this.tensors.get(name)?.parts ?? [])
        if ('from' in part) stored.add(part.from);
    for (const name of stored) {
      if (signal?.aborted) throw new KarstError('cancelled', `Reading ${this.path} was cancelled.`);
      const found = await this.container.firstNotFinite(name);
      if (found !== null)
        throw notFinite(
          this.path,
          name.slice(this.translation.prefix.length),
          found.value,
          found.position,
        );
    }
  }

  async close(): Promise<void> {
    this.#stacked.clear();
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
