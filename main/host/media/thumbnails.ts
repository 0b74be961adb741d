import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError, readWholeFile, writeError } from '../../formats/files.ts';
import { IMAGE_FILE_LIMIT, PIXEL_LIMIT, readImage, TAKEN_FORMATS } from '../../formats/image.ts';
import { imageSignature, type ImageFormat } from '../../formats/image-signature.ts';
import { Semaphore } from './semaphore.ts';

/** An encoded picture for a window. */
export interface Picture {
  readonly bytes: Uint8Array;
  /** Media type, such as `image/webp`. */
  readonly type: string;
}

/** Available sides in pixels; a request gets the smallest that is large enough. */
const THUMBNAIL_SIZES = [64, 128, 256, 512, 1024, 2048] as const;

/** Media types that windows show without conversion. */
const SHOWN_AS_IT_IS: Partial<Record<ImageFormat, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
};

/** A file up to this size with no more pixels than the thumbnail serves as its own thumbnail. */
const SMALL_FILE = 64 * 2 ** 10;

/** When the cache exceeds this, it is reduced to three quarters of it. */
const CACHE_LIMIT = 2 ** 30;

/**
 * Thumbnails, cached on disk. Only recognised images reach a decoder; a damaged file shows what can
 * be read of it.
 */
export class Thumbnails {
  readonly #folder: string;
  readonly #permits = new Semaphore(Math.max(2, availableParallelism()));
  readonly #onProblem: (error: KarstError) => void;
  #keeping = true;

  /**
   * @param onProblem called once when thumbnails can no longer be stored; they are shown all the
   * same
   */
  constructor(cacheDir: string, onProblem: (error: KarstError) => void) {
    this.#folder = join(cacheDir, 'thumbnails');
    this.#onProblem = onProblem;
  }

  /**
   * @param key 64 hexadecimal digits that stand for the content of the file
   * @param size longer side in pixels, rounded up to one of `THUMBNAIL_SIZES`
   * @throws not-found, not-readable, file-damaged, format-unsupported, format-unknown
   */
  async small(path: string, key: string, size: number): Promise<Picture> {
    const side = THUMBNAIL_SIZES.find((step) => step >= size) ?? THUMBNAIL_SIZES.at(-1)!;
    const kept = join(this.#folder, key.slice(0, 2), `${key}-${side}.webp`);
    const found = await this.#find(kept);
    if (found !== null) return { bytes: found, type: 'image/webp' };
    return this.#permits.run(async () => {
      const { image, format, content } = await openImage(path);
      const type = SHOWN_AS_IT_IS[format];
      if (
        type !== undefined &&
        content.length <= SMALL_FILE &&
        (await longerSide(image, path)) <= side
      )
        return { bytes: content, type };
      const made = await draw(path, image, side);
      await this.#keep(kept, made.bytes);
      return made;
    });
  }

  /** The original file, converted if windows do not show its format. */
  async whole(path: string): Promise<Picture> {
    return this.#permits.run(async () => {
      const { image, format, content } = await openImage(path);
      const type = SHOWN_AS_IT_IS[format];
      if (type !== undefined) return { bytes: content, type };
      return draw(path, image, 4 * THUMBNAIL_SIZES.at(-1)!);
    });
  }

  async #keep(path: string, bytes: Uint8Array): Promise<void> {
    if (!this.#keeping) return;
    try {
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.${randomBytes(6).toString('hex')}`;
      // Not fsynced, unlike users' data: it can be made again.
      await writeFile(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      this.#giveUp(writeError(path, error));
    }
  }

  async #find(path: string): Promise<Uint8Array | null> {
    if (!this.#keeping) return null;
    try {
      return await readWholeFile(path);
    } catch (error) {
      const reason = readError(path, error);
      if ((reason.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT')
        this.#giveUp(reason);
      return null;
    }
  }

  #giveUp(error: KarstError): void {
    if (this.#keeping) this.#onProblem(error);
    this.#keeping = false;
  }

  /** Removes the oldest when there are too many. @param limit bytes */
  async prune(limit = CACHE_LIMIT): Promise<void> {
    try {
      const files: { path: string; bytes: number; madeAt: number }[] = [];
      for (const name of await readdir(this.#folder, { recursive: true })) {
        const path = join(this.#folder, name);
        const info = await stat(path);
        if (info.isFile()) files.push({ path, bytes: info.size, madeAt: info.mtimeMs });
      }
      let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
      if (total <= limit) return;
      files.sort((a, b) => a.madeAt - b.madeAt);
      for (const { path, bytes } of files) {
        if (total <= limit * 0.75) return;
        await rm(path, { force: true });
        total -= bytes;
      }
    } catch (error) {
      // No folder yet, or another studio is tidying it at the same time.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#onProblem(readError(this.#folder, error));
    }
  }
}

interface OpenedImage {
  readonly image: Sharp;
  readonly format: ImageFormat;
  /** The whole file. */
  readonly content: Uint8Array;
}

async function openImage(path: string): Promise<OpenedImage> {
  const content = await readWholeFile(path, IMAGE_FILE_LIMIT);
  const signature = imageSignature(content.subarray(0, 512));
  if (signature.kind !== 'supported')
    throw new KarstError(
      signature.kind === 'unknown' ? 'format-unknown' : 'format-unsupported',
      signature.kind === 'unknown'
        ? `${path} is not an image.`
        : `${path} is ${signature.name}, which is not supported.`,
      {
        hint: signature.kind === 'unknown' ? TAKEN_FORMATS : signature.hint,
        path,
      },
    );
  const { format } = signature;
  if (format === 'bmp' || format === 'heic') {
    const { pixels, width, height } = await readImage(path);
    return { image: sharp(pixels, { raw: { width, height, channels: 3 } }), format, content };
  }
  return {
    image: sharp(content, { failOn: 'none', limitInputPixels: PIXEL_LIMIT }),
    format,
    content,
  };
}

async function longerSide(image: Sharp, path: string): Promise<number> {
  try {
    const { width, height } = await image.metadata();
    return Math.max(width, height);
  } catch (error) {
    throw notDrawn(path, error);
  }
}

async function draw(path: string, image: Sharp, side: number): Promise<Picture> {
  try {
    const bytes = await image
      .autoOrient()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .webp({ quality: 82, effort: 2 })
      .toBuffer();
    return { bytes, type: 'image/webp' };
  } catch (error) {
    throw notDrawn(path, error);
  }
}

function notDrawn(path: string, error: unknown): KarstError {
  const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
  return new KarstError('file-damaged', `${path} cannot be shown: ${reason ?? ''}.`, {
    hint: 'Replace it by an intact copy.',
    path,
    cause: error,
  });
}
