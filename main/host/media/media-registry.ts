import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesInWords } from '../../../shared/domain/bytes-in-words.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { LARGEST_PICTURE } from '../../../shared/domain/picture-limit.ts';
import { readError, writeError } from '../../formats/files.ts';
import { decodeImage } from '../../formats/image.ts';
import { systemTemporaryPrefix } from '../../formats/system-temporaries.ts';
import { statOf } from '../services/paths.ts';
import { Thumbnails, type Picture } from './thumbnails.ts';

export type { Picture } from './thumbnails.ts';

/** Limit of named uploads and files per session; beyond it the oldest names expire. */
const UPLOADS_KEPT = 2_000;
const REGISTERED_KEPT = 200_000;

export interface MediaSources {
  readonly cacheDir: string;
  /** One image of a dataset; `sha256` is null if its content is unknown. @throws not-found */
  readonly datasetImage: (
    datasetId: string,
    position: number,
  ) => { readonly path: string; readonly sha256: string | null };
  /** Called once when thumbnails can no longer be stored. */
  readonly onProblem: (error: KarstError) => void;
}

/**
 * Gives pictures names that do not reveal paths, and reads them. Names are `d.<dataset>.<position>`
 * for images of datasets, `u.<random>` for uploads, `f.<random>` for files chosen by the host; the
 * last two are valid until the host exits.
 */
export class MediaRegistry {
  readonly #sources: MediaSources;
  readonly #thumbnails: Thumbnails;
  readonly #uploads = new Map<string, string>();
  readonly #registered = new Map<string, string>();
  readonly #namesOfPaths = new Map<string, string>();
  #uploadFolder: string | null = null;

  constructor(sources: MediaSources) {
    this.#sources = sources;
    this.#thumbnails = new Thumbnails(sources.cacheDir, sources.onProblem);
  }

  /**
   * @param size longer side in pixels; null for the original
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown
   */
  async picture(media: string, size: number | null): Promise<Picture> {
    const image = this.#imageOf(media);
    if (size === null) return this.#thumbnails.whole(image.path);
    return this.#thumbnails.small(image.path, image.sha256 ?? (await keyOf(image.path)), size);
  }

  /**
   * Stores an upload until the host exits. Returns its name.
   * @param name of the file, used in messages only
   * @throws usage when it is too large; file-damaged, format-unsupported, format-unknown
   */
  async addUpload(name: string, bytes: Uint8Array): Promise<string> {
    if (bytes.byteLength > LARGEST_PICTURE)
      throw new KarstError('usage', `${name} is larger than ${bytesInWords(LARGEST_PICTURE)}.`, {
        hint: 'Make it smaller, or use the folder prediction, which reads files in place.',
      });
    const { format } = await decodeImage(bytes, name);
    const media = `u.${randomBytes(12).toString('hex')}`;
    const path = join(this.#folderOfUploads(), `${media}.${format}`);
    try {
      await writeFile(path, bytes, { mode: 0o600 });
    } catch (error) {
      throw writeError(path, error);
    }
    this.#uploads.set(media, path);
    for (const [oldest, oldPath] of this.#uploads) {
      if (this.#uploads.size <= UPLOADS_KEPT) break;
      this.#uploads.delete(oldest);
      await rm(oldPath, { force: true });
    }
    return media;
  }

  /** The file behind a name. @throws not-found */
  pathOf(media: string): string {
    return this.#imageOf(media).path;
  }

  /** Registers a file so that a window can show it; a file keeps its name. */
  register(path: string): string {
    const known = this.#namesOfPaths.get(path);
    if (known !== undefined) return known;
    const media = `f.${randomBytes(12).toString('hex')}`;
    this.#registered.set(media, path);
    this.#namesOfPaths.set(path, media);
    for (const [oldest, oldPath] of this.#registered) {
      if (this.#registered.size <= REGISTERED_KEPT) break;
      this.#registered.delete(oldest);
      this.#namesOfPaths.delete(oldPath);
    }
    return media;
  }

  /** Removes the oldest thumbnails when there are too many. */
  async tidy(): Promise<void> {
    await this.#thumbnails.prune();
  }

  /** Removes the uploads. */
  async close(): Promise<void> {
    this.#uploads.clear();
    if (this.#uploadFolder === null) return;
    await rm(this.#uploadFolder, { recursive: true, force: true });
    this.#uploadFolder = null;
  }

  /** Created on first use; readable by this account only. */
  #folderOfUploads(): string {
    try {
      this.#uploadFolder ??= mkdtempSync(systemTemporaryPrefix('uploads'));
    } catch (error) {
      throw writeError(tmpdir(), error);
    }
    return this.#uploadFolder;
  }

  #imageOf(media: string): { readonly path: string; readonly sha256: string | null } {
    const ofDataset = datasetImageOf(media);
    if (ofDataset !== null)
      return this.#sources.datasetImage(ofDataset.datasetId, ofDataset.position);
    const path = this.#uploads.get(media) ?? this.#registered.get(media);
    if (path !== undefined) return { path, sha256: null };
    throw new KarstError('not-found', 'That picture is no longer there.', {
      hint: 'Reload the page, or upload the picture again.',
    });
  }
}

/** The image of a dataset that a name stands for; null for other pictures. */
export function datasetImageOf(media: string): { datasetId: string; position: number } | null {
  const [, datasetId, position] = /^d\.([\w-]+)\.(\d{1,15})$/.exec(media) ?? [];
  if (datasetId === undefined || position === undefined) return null;
  return { datasetId, position: Number(position) };
}

/** Identifies a file's content without reading it: path, size and time. */
async function keyOf(path: string): Promise<string> {
  const info = await statOf(path);
  if (!info.isFile()) throw readError(path, new Error('it is not a file'));
  return createHash('sha256').update(`${path}\0${info.size}\0${info.mtimeMs}`).digest('hex');
}
