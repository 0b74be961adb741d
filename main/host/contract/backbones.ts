import type { Backbone } from '../../../shared/domain/library.ts';
import type { Watching } from './watching.ts';

export interface BackboneService {
  /**
   * Adds a timm-named ViT in safetensors to the library; the file stays where it is.
   * @param options.heads number of attention heads, if neither `config.json` nor the metadata has
   * it
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown, name-taken
   */
  add(path: string, options?: Watching & { name?: string; heads?: number }): Promise<Backbone>;
  /** @throws usage, name-taken */
  checkNewName(name: string): string;
  list(): Backbone[];
  get(nameOrId: string): Backbone;
  /** Whether it is the bundled starter. */
  isStarter(backbone: Backbone): boolean;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Backbone;
  /** Removes it from the library; the file stays. @throws in-use when adapters or runs use it */
  remove(nameOrId: string): Backbone;
}
