import { basename } from 'node:path';
import { realpath } from 'node:fs/promises';
import { CATALOGUE } from '../../../../shared/domain/backbone-catalogue.ts';
import type { FoundBackbone, HubOffer } from '../../../../shared/domain/backbone-sources.ts';
import { bytesInWords } from '../../../../shared/domain/bytes-in-words.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import type { Backbone } from '../../../../shared/domain/library.ts';
import { download, missingBytes } from '../../../hub/download.ts';
import { foundFiles, type FoundFile } from '../../../hub/found-files.ts';
import { listModel, type HubListing } from '../../../hub/offer.ts';
import { addressOfPath, type Environment } from '../../../hub/place.ts';
import { hubSettings, type HubSettings } from '../../../hub/settings.ts';
import { Transport } from '../../../hub/transport.ts';
import type { BackboneSourceService } from '../../contract/sources.ts';
import type { Watching } from '../../contract/watching.ts';
import { nearNames } from '../../store/names.ts';
import { asFilesSay, type Backbones } from './backbones.ts';
import { recogniseAt } from './inspection.ts';
import { statOf, statOrNull, throwIfCancelled } from '../paths.ts';

/** Milliseconds before a download that was cut goes on. */
const PAUSE_MS = 1_000;
/** Owner and name on the hub. */
const ADDRESS = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

export interface BackboneSourcesContext {
  readonly backbones: Pick<Backbones, 'add' | 'list' | 'ofWeights' | 'freeName'>;
  /** Of the process. */
  readonly environment: Environment;
  /** Free bytes on the disk of a folder, which need not exist; null if unknown. */
  readonly freeBytes: (folder: string) => Promise<number | null>;
  readonly pauseMs?: number;
}

export class BackboneSources implements BackboneSourceService {
  readonly #c: BackboneSourcesContext;
  /** Models that are being downloaded. */
  readonly #busy = new Set<string>();

  constructor(context: BackboneSourcesContext) {
    this.#c = context;
  }

  catalogue(): ReturnType<BackboneSourceService['catalogue']> {
    const there = new Map<string, Backbone>();
    for (const backbone of this.#c.backbones.list()) {
      const from = addressOfPath(backbone.path);
      if (from !== null && !there.has(from.address)) there.set(from.address, backbone);
    }
    return CATALOGUE.map((entry) => ({ entry, backbone: there.get(entry.address) ?? null }));
  }

  lookUp(name: string, options: Watching = {}): Promise<HubOffer> {
    return this.#asking(options, async (transport, settings) => {
      const listing = await listModel(addressOf(name), settings, transport);
      return this.#offer(listing, settings);
    });
  }

  get(name: string, options: Parameters<BackboneSourceService['get']>[1] = {}): Promise<Backbone> {
    const address = addressOf(name);
    const { signal, revision, onProgress, onOffer } = options;
    return this.#asking(options, async (transport, settings) => {
      const listing = await listModel(address, settings, transport);
      if (revision !== undefined) requireRevision(listing, revision);
      const offer = await this.#offer(listing, settings);
      requireRoom(offer);
      onOffer?.(offer);
      const path = await this.#alone(address, () =>
        download(listing, settings, {
          transport,
          signal,
          pauseMs: this.#c.pauseMs ?? PAUSE_MS,
          onBytes: (done) => onProgress?.({ phase: 'downloading', done, total: offer.bytes }),
        }),
      );
      return await this.#added(path, listing, options);
    });
  }

  async find(options: Watching = {}): Promise<FoundBackbone[]> {
    const files = await foundFiles(this.#c.environment);
    const found: FoundBackbone[] = [];
    for (const file of files) {
      throwIfCancelled(options.signal, 'Looking for backbones');
      found.push(await this.#look(file));
      options.onProgress?.({ phase: 'surveying', done: found.length, total: files.length });
    }
    return found;
  }

  async #look({ path, name, place }: FoundFile): Promise<FoundBackbone> {
    const known = await this.#known(path);
    const about = { path, name, place, bytes: 0, backboneId: known?.id ?? null };
    try {
      const { size: bytes } = await statOf(path);
      const { architecture } = known ?? (await recogniseAt(path));
      return { ...about, bytes, architecture, error: null };
    } catch (error) {
      return { ...about, architecture: null, error: toErrorReport(error) };
    }
  }

  /** The backbone of the library that a file is. */
  async #known(path: string): Promise<Backbone | null> {
    const { backbones } = this.#c;
    const same = asFilesSay(backbones.list().filter((backbone) => backbone.path === path));
    if (same !== null) return same;
    // Large files of the hub's cache are links to blobs that are called by their sha256.
    const blob = await realpath(path).catch(() => path);
    return asFilesSay(backbones.ofWeights(basename(blob)));
  }

  async #asking<T>(
    { signal, onHost }: Watching & { onHost?: (host: string) => void },
    work: (transport: Transport, settings: HubSettings) => Promise<T>,
  ): Promise<T> {
    const settings = await hubSettings(this.#c.environment);
    const transport = new Transport({ settings, signal, onHost: onHost ?? (() => undefined) });
    try {
      return await work(transport, settings);
    } finally {
      transport.close();
    }
  }

  async #offer(listing: HubListing, settings: HubSettings): Promise<HubOffer> {
    const { address, revision, licence, gated, files } = listing;
    return {
      address,
      revision,
      host: settings.endpoint.host,
      files: files.map(({ path, bytes }) => ({ path, bytes })),
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      missingBytes: await missingBytes(listing, settings),
      freeBytes: await this.#c.freeBytes(settings.cache),
      folder: settings.cache,
      licence,
      gated,
    };
  }

  /** Two downloads of one model would write to the same files. */
  async #alone<T>(address: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(address))
      throw new KarstError('in-use', `${address} is being downloaded already.`, {
        hint: 'Wait for it.',
      });
    this.#busy.add(address);
    try {
      return await work();
    } finally {
      this.#busy.delete(address);
    }
  }

  /** The backbone of a file: the one that the library has, if it has it. */
  async #added(
    path: string,
    { address, licence, revision }: HubListing,
    watching: Watching,
  ): Promise<Backbone> {
    const known = await this.#known(path);
    if (known !== null && (await statOrNull(known.path)) !== null) return known;
    const { backbones } = this.#c;
    const entry = CATALOGUE.find((one) => one.address === address);
    const said = licence ?? entry?.licence;
    return backbones.add(path, {
      ...watching,
      revision,
      // One whose file is gone keeps the name that it has.
      ...(entry === undefined || known !== null ? {} : { name: backbones.freeName(entry.name) }),
      ...(said === undefined ? {} : { licence: said }),
    });
  }
}

/** @throws not-found */
function addressOf(name: string): string {
  const entry = CATALOGUE.find((one) => one.name === name);
  if (entry !== undefined) return entry.address;
  if (ADDRESS.test(name)) return name;
  const near = nearNames(
    name,
    CATALOGUE.map((one) => one.name),
  );
  throw new KarstError('not-found', `The catalogue has no backbone "${name}".`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`
        : 'Name one of `karst backbone catalogue`, or a model of the hub as OWNER/NAME.',
  });
}

/** A newer commit may have other files, another size or another licence. @throws hub-changed */
function requireRevision({ address, revision }: HubListing, shown: string): void {
  if (revision === shown) return;
  throw new KarstError(
    'hub-changed',
    `${address} has changed on the hub: its newest commit is ${revision.slice(0, 8)}, and ${shown.slice(0, 8)} was shown.`,
    { hint: 'Look it up again.' },
  );
}

/** @throws not-writable */
function requireRoom({ missingBytes: needed, freeBytes, folder }: HubOffer): void {
  if (freeBytes === null || needed <= freeBytes) return;
  throw new KarstError(
    'not-writable',
    `${bytesInWords(needed)} are to be downloaded, and the disk of ${folder} has ${bytesInWords(freeBytes)} free.`,
    { hint: 'Free some space, or name another folder by HF_HUB_CACHE.', path: folder },
  );
}
