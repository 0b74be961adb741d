import type { CatalogueEntry } from '../../../shared/domain/backbone-catalogue.ts';
import type { HubOffer, FoundBackbone } from '../../../shared/domain/backbone-sources.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import type { Watching } from './watching.ts';

/** Where backbones come from: the hub, and what other programs left on this machine. */
export interface BackboneSourceService {
  /** Models worth a try, each with the backbone of the library that came from there, if any. */
  catalogue(): readonly { readonly entry: CatalogueEntry; readonly backbone: Backbone | null }[];
  /**
   * Asks the hub what a model means to get: a network is touched.
   * @param name of the catalogue, or owner and name on the hub
   * @throws not-found, unreachable, access-refused, format-unsupported, config-invalid
   */
  lookUp(name: string, options?: Watching): Promise<HubOffer>;
  /**
   * Downloads a model into the hub's cache, checks it and adds it to the library.
   * @param options.revision the commit that was agreed to; default: the newest
   * @param options.onOffer called before the first byte of a file is asked for
   * @param options.onHost called with each host before it is asked for the first time
   * @throws as `lookUp`; file-changed when there is a newer commit; not-writable when the disk has no room; file-damaged; as `BackboneService.add`
   */
  get(
    name: string,
    options?: Watching & {
      revision?: string;
      onOffer?: (offer: HubOffer) => void;
      onHost?: (host: string) => void;
    },
  ): Promise<Backbone>;
  /** Looks through the caches of Hugging Face and torch. */
  find(options?: Watching): Promise<readonly FoundBackbone[]>;
}
