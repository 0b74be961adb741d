import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KarstError } from '../../shared/domain/errors.ts';
import { readError, syncFolder, systemCode, writeError } from '../formats/files.ts';
import { dirname } from 'node:path';
import type { HubFile } from './offer.ts';
import { cancelled, unreachable, type Transport } from './transport.ts';

/** Times in a row that a file is asked for without a new byte. */
const ATTEMPTS = 4;
const CHUNK = 2 ** 20;

export interface BlobOptions {
  readonly transport: Transport;
  readonly signal: AbortSignal | undefined;
  /** Bytes of the file that are there. */
  readonly onBytes: (done: number) => void;
  /** Milliseconds before a file is asked for again, times the attempts so far. */
  readonly pauseMs: number;
}

/** Bytes that an earlier attempt left of a file, whole or not. */
export async function keptBytes(blob: string): Promise<number> {
  return (await sizeOf(blob)) ?? (await sizeOf(partOf(blob))) ?? 0;
}

/**
 * Downloads a file and checks it by size and hash; goes on with what an earlier attempt left, and
 * after a cut by itself. The hub's own client does neither.
 * @throws unreachable, access-refused, file-damaged, not-writable, cancelled
 */
export async function downloadBlob(
  url: URL,
  file: HubFile,
  blob: string,
  options: BlobOptions,
): Promise<void> {
  const whole = await sizeOf(blob);
  if (whole === file.bytes) return;
  if (whole !== null)
    throw new KarstError(
      'file-damaged',
      `${blob} has ${whole} bytes, and the hub announces ${file.bytes}.`,
      { hint: 'Remove this file, and get the model again.', path: blob },
    );
  const part = partOf(blob);
  const handle = await writing(part, open(part, constants.O_RDWR | constants.O_CREAT, 0o666));
  try {
    const arrived = await PartFile.of(handle, part, file);
    await fill(arrived, url, options);
    if (!arrived.isRight()) {
      await writing(part, handle.truncate(0));
      throw new KarstError(
        'file-damaged',
        `What ${url.host} gave as ${file.path} is not the file that was announced: its hash differs.`,
        {
          hint: 'Get it again. If it happens again, a proxy or a mirror on the way changes files.',
        },
      );
    }
    await writing(part, handle.sync());
  } finally {
    await handle.close();
  }
  await writing(blob, rename(part, blob));
  await syncFolder(dirname(blob));
}

/** Asks for the rest until it is there; each time that bytes arrived, it may be cut again. */
async function fill(arrived: PartFile, url: URL, options: BlobOptions): Promise<void> {
  const { transport, signal, onBytes, pauseMs } = options;
  onBytes(arrived.bytes);
  for (let attempt = 1; !arrived.isWhole(); attempt++) {
    const before = arrived.bytes;
    try {
      for await (const bytes of rest(url, before, transport)) {
        await arrived.append(bytes, url);
        onBytes(arrived.bytes);
      }
      if (!arrived.isWhole()) throw new Error('the connection was cut');
    } catch (error) {
      if (signal?.aborted === true) throw cancelled();
      if (arrived.bytes > before) attempt = 0;
      if (!isCut(error)) throw error;
      if (attempt >= ATTEMPTS) throw unreachable(url, error);
      await sleep(pauseMs * attempt, undefined, { signal }).catch(() => {
        throw cancelled();
      });
    }
  }
}

/** Whether asking again may help: the connection failed, not the host's answer or our disk. */
function isCut(error: unknown): boolean {
  if (!(error instanceof KarstError)) return true;
  return error.code === 'unreachable' && systemCode(error.cause) === 'ECONNRESET';
}

/** The bytes from a position on, also from a host that knows no ranges and sends everything. */
async function* rest(url: URL, from: number, { fetch }: Transport): AsyncGenerator<Uint8Array> {
  const response = await fetch(url, from === 0 ? {} : { headers: { range: `bytes=${from}-` } });
  let skipped = response.status === 206 ? from : 0;
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    const skips = Math.min(bytes.byteLength, from - skipped);
    skipped += skips;
    if (skips < bytes.byteLength) yield bytes.subarray(skips);
  }
}

/** The part of a file that has arrived, hashed as it arrives. */
class PartFile {
  bytes = 0;
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #file: HubFile;
  readonly #hash: Hash;

  private constructor(handle: FileHandle, path: string, file: HubFile) {
    this.#handle = handle;
    this.#path = path;
    this.#file = file;
    const large = file.hash.length === 64;
    this.#hash = createHash(large ? 'sha256' : 'sha1');
    // git hashes its kind and size before the content of a blob.
    if (!large) this.#hash.update(`blob ${file.bytes}\0`);
  }

  /** Reads what is there; more than the whole file is no part of it. */
  static async of(handle: FileHandle, path: string, file: HubFile): Promise<PartFile> {
    const part = new PartFile(handle, path, file);
    try {
      if ((await handle.stat()).size > file.bytes) await handle.truncate(0);
      const chunk = Buffer.allocUnsafe(CHUNK);
      for (;;) {
        const { bytesRead } = await handle.read(chunk, 0, CHUNK, part.bytes);
        if (bytesRead === 0) return part;
        part.#hash.update(chunk.subarray(0, bytesRead));
        part.bytes += bytesRead;
      }
    } catch (error) {
      throw readError(path, error);
    }
  }

  isWhole(): boolean {
    return this.bytes >= this.#file.bytes;
  }

  async append(bytes: Uint8Array, { host }: URL): Promise<void> {
    if (this.bytes + bytes.byteLength > this.#file.bytes)
      throw new KarstError(
        'file-damaged',
        `${host} sends more as ${this.#file.path} than the ${this.#file.bytes} bytes that were announced.`,
        {
          hint: 'Get it again. If it happens again, a proxy or a mirror on the way changes files.',
        },
      );
    await writing(this.#path, this.#handle.write(bytes, 0, bytes.byteLength, this.bytes));
    this.#hash.update(bytes);
    this.bytes += bytes.byteLength;
  }

  isRight(): boolean {
    return this.#hash.digest('hex') === this.#file.hash;
  }
}

/** As the hub's own libraries call it, which go on with it, too. */
const partOf = (blob: string): string => `${blob}.incomplete`;

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw readError(path, error);
  }
}

async function writing<T>(path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw writeError(path, error);
  }
}
