import type { Backbone, BackbonePreview } from '../../../shared/domain/library.ts';
import type { Said } from '../../../shared/domain/said.ts';
import type { Watching } from './watching.ts';

export interface BackboneOptions extends Watching {
  readonly name?: string;
  /** What neither the weights nor the files beside them tell, or tell otherwise. */
  readonly said?: Said;
  /** Where it came from, if that is known; the licence only where no file says it. */
  readonly licence?: string;
  readonly revision?: string;
}

export interface BackboneService {
  /**
   * Adds a backbone to the library; its files stay where they are. Weights that are there already are
   * one of their own where `said` makes another network of them.
   * @param path a file of weights, the index of several, or a folder with either
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown,
   * heads-unknown, ambiguous-name, name-taken, already-added
   */
  add(path: string, options?: BackboneOptions): Promise<Backbone>;
  /** What `add` would find there, without reading the numbers. @throws as `add` */
  preview(path: string, said?: Said): Promise<BackbonePreview>;
  /** @throws usage, name-taken */
  checkNewName(name: string): string;
  list(): Backbone[];
  get(nameOrId: string): Backbone;
  /** Whether it is the bundled starter. */
  isStarter(backbone: Backbone): boolean;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Backbone;
  /** Removes it from the library; the files stay. @throws in-use when adapters or runs use it */
  remove(nameOrId: string): Backbone;
}
