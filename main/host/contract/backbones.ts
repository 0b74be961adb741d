import type { Backbone } from '../../../shared/domain/library.ts';
import type { Watching } from './watching.ts';

export interface BackboneService {
  /**
   * Takes a timm-named ViT in safetensors into the library; the file stays where it is.
   * @param options.heads number of attention heads, when neither `config.json` nor the metadata says it
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown, name-taken
   */
  add(path: string, options?: Watching & { name?: string; heads?: number }): Promise<Backbone>;
  /** @throws usage, name-taken */
  checkNewName(name: string): string;
  list(): Backbone[];
  get(nameOrId: string): Backbone;
  /** Whether it is the one that comes with the studio. */
  isStarter(backbone: Backbone): boolean;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Backbone;
  /** Forgets it; the file stays. @throws in-use when adapters or runs stand on it */
  remove(nameOrId: string): Backbone;
}
