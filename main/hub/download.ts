import { downloadFileToCacheDir } from '@huggingface/hub';
import { join } from 'node:path';
import { KarstError } from '../../shared/domain/errors.ts';
import { makeFolder, writeFileAtomic } from '../formats/files.ts';
import { downloadBlob, keptBytes, type BlobOptions } from './blob.ts';
import { mainFile } from './needed-files.ts';
import type { HubListing } from './offer.ts';
import { cacheFolderOf } from './place.ts';
import type { HubSettings } from './settings.ts';

const blobsOf = ({ address }: HubListing, { cache }: HubSettings): string =>
  join(cache, cacheFolderOf(address), 'blobs');

/** Bytes that are still to be downloaded. */
export async function missingBytes(listing: HubListing, settings: HubSettings): Promise<number> {
  const blobs = blobsOf(listing, settings);
  let missing = 0;
  for (const { hash, bytes } of listing.files)
    missing += Math.max(0, bytes - (await keptBytes(join(blobs, hash))));
  return missing;
}

/**
 * Brings a model's files into the hub's own cache layout.
 * @param options.onBytes bytes of all files that are there
 * @returns path of the file that stands for the model
 * @throws as `downloadBlob`
 */
export async function download(
  listing: HubListing,
  settings: HubSettings,
  options: BlobOptions,
): Promise<string> {
  const { address, revision, files } = listing;
  const { endpoint, cache } = settings;
  const blobs = blobsOf(listing, settings);
  await makeFolder(blobs);
  let before = 0;
  for (const file of files) {
    const url = new URL(`/${address}/resolve/${revision}/${file.path}`, endpoint);
    await downloadBlob(url, file, join(blobs, file.hash), {
      ...options,
      onBytes: (done) => options.onBytes(before + done),
    });
    before += file.bytes;
  }
  const main = mainFile(files);
  let path: string | null = null;
  for (const file of files) {
    // The bytes are there: this makes the snapshot's link, or a copy where links are refused.
    const pointer = await downloadFileToCacheDir({
      repo: address,
      path: file.path,
      revision,
      hubUrl: endpoint.origin,
      cacheDir: cache,
      fetch: options.transport.fetch,
    });
    if (file === main) path = pointer;
  }
  // By this, other programs find the snapshot without asking the hub.
  const refs = join(cache, cacheFolderOf(address), 'refs');
  await makeFolder(refs);
  await writeFileAtomic(join(refs, 'main'), revision);
  if (path === null) throw new KarstError('internal', `${address} came without weights.`);
  return path;
}
