import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import yauzl from 'yauzl';
import { KarstError } from '../../../shared/domain/errors.ts';
import { openFile, reasonOf, systemCode, readError } from '../files.ts';
import { PIECE, type ReadAt, readerOf } from './reader.ts';

/** The largest vision transformers have some thousand tensors, with an optimizer's three times as many. */
const MOST_ENTRIES = 50_000;
/** Limits of the unpacked size: absolute, and relative to the file's size. Weights hardly shrink. */
const FREE_BYTES = 64 * 2 ** 20;
const MOST_TIMES = 50;
/** Packed data may be longer than what they unpack to, by block headers. */
const PACKED_OVERHEAD = 1024;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

export interface ZipEntry {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  /**
   * Reads what is unpacked, after the checksum was compared. A packed entry is unpacked into memory
   * at every call, of others every byte is read once.
   * @throws KarstError `file-damaged` when it is not as long as it says, or has another checksum
   */
  open(): Promise<ReadAt>;
  /** The first bytes, at most `most`. @throws KarstError `file-damaged` */
  head(most: number): Promise<Uint8Array>;
}

/** A zip archive of weights, open for reading; entries that are not packed are read in place. */
export class ZipArchive {
  readonly path: string;
  /** By name, in the order of the archive. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, entries: ReadonlyMap<string, ZipEntry>) {
    this.path = path;
    this.#handle = handle;
    this.entries = entries;
  }

  /**
   * Reads the directory and checks every entry: a plain name that occurs once, bytes that no other
   * entry uses, and in all no more unpacked bytes than weights have.
   * @throws KarstError `not-found`, `not-readable`, `file-damaged`, `format-unsupported`
   */
  static async open(path: string): Promise<ZipArchive> {
    const handle = await openFile(path);
    try {
      const { size } = await handle.stat();
      const found = await directory(handle, path);
      checkPlaces(path, found);
      const total = found.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
      if (total > FREE_BYTES + MOST_TIMES * size)
        throw refused(path, `its ${size} bytes say that they unpack to ${total}`);
      const read = readerOf(handle, path);
      const entries = found.map((place) => [place.entry.fileName, new Entry(path, read, place)]);
      return new ZipArchive(path, handle, new Map(entries as [string, ZipEntry][]));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** An entry and where its bytes are. */
interface Place {
  readonly entry: yauzl.Entry;
  readonly dataStart: number;
}

async function directory(handle: FileHandle, path: string): Promise<Place[]> {
  try {
    const zip = await yauzl.fromFdPromise(handle.fd, { autoClose: false, strictFileNames: true });
    if (zip.entryCount > MOST_ENTRIES) throw refused(path, `it has ${zip.entryCount} entries`);
    const seen = new Set<string>();
    const found: Place[] = [];
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      if (seen.has(fileName)) throw refused(path, `the name ${shown(fileName)} is in it twice`);
      seen.add(fileName);
      checkEntry(path, entry);
      const header = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      found.push({ entry, dataStart: header.fileDataStart });
    }
    return found;
  } catch (error) {
    if (error instanceof KarstError) throw error;
    if (systemCode(error) !== undefined) throw readError(path, error);
    throw /^(absolute path|invalid relative path|invalid characters)/.test(reasonOf(error))
      ? refused(path, `an entry leads out of it (${shown(reasonOf(error))})`)
      : damaged(path, reasonOf(error));
  }
}

function checkEntry(path: string, entry: yauzl.Entry): void {
  const { fileName, compressionMethod } = entry;
  if (fileName === '' || /\p{Cc}/u.test(fileName))
    throw refused(path, `${shown(fileName)} is no name of an entry`);
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0)
    throw refused(path, `${shown(fileName)} is encrypted`);
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
    throw refused(path, `${shown(fileName)} is packed by an unsupported method`);
}

/** No byte may belong to two entries: such archives unpack to far more than they say. */
function checkPlaces(path: string, found: readonly Place[]): void {
  const sorted = [...found].sort(
    (a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader,
  );
  let end = 0;
  for (const { entry, dataStart } of sorted) {
    if (entry.relativeOffsetOfLocalHeader < end)
      throw damaged(path, `${shown(entry.fileName)} overlaps another entry`);
    end = dataStart + entry.compressedSize;
  }
}

class Entry implements ZipEntry {
  readonly name: string;
  readonly bytes: number;
  readonly #path: string;
  readonly #read: ReadAt;
  readonly #place: Place;
  /** The comparison of the checksum, which readers wait for. */
  #sound: Promise<void> | null = null;

  constructor(path: string, read: ReadAt, place: Place) {
    this.name = place.entry.fileName;
    this.bytes = place.entry.uncompressedSize;
    this.#path = path;
    this.#read = read;
    this.#place = place;
  }

  async open(): Promise<ReadAt> {
    const { entry, dataStart } = this.#place;
    if (entry.compressionMethod === STORED) {
      this.#sound ??= this.#checkStored();
      await this.#sound;
      return (position, into) => this.#read(dataStart + position, into);
    }
    const bytes = await this.#unpack();
    return async (position, into) => {
      into.set(bytes.subarray(position, position + into.length));
      return Promise.resolve();
    };
  }

  async head(most: number): Promise<Uint8Array> {
    const { entry, dataStart } = this.#place;
    const packed = entry.compressionMethod === DEFLATED;
    const bytes = new Uint8Array(
      Math.min(packed ? most + PACKED_OVERHEAD : most, entry.compressedSize),
    );
    await this.#read(dataStart, bytes);
    if (!packed) return bytes;
    try {
      // The end of the data is not needed.
      const options = { finishFlush: constants.Z_SYNC_FLUSH };
      return inflateRawSync(bytes, options).subarray(0, Math.min(most, this.bytes));
    } catch (error) {
      throw this.#damaged(reasonOf(error));
    }
  }

  async #checkStored(): Promise<void> {
    const { entry } = this.#place;
    // PyTorch may be told to write none, and writes 0.
    if (entry.crc32 === 0) return;
    let sum = 0;
    for await (const piece of this.#packed()) sum = crc32(piece, sum);
    if (sum !== entry.crc32) throw this.#damaged('has a wrong checksum');
  }

  async #unpack(): Promise<Uint8Array> {
    const out = new Uint8Array(this.bytes);
    let done = 0;
    try {
      await pipeline(this.#packed(), createInflateRaw(), async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) {
          if (done + chunk.length > out.length) throw this.#damaged('is longer than it says');
          out.set(chunk, done);
          done += chunk.length;
        }
      });
    } catch (error) {
      throw error instanceof KarstError ? error : this.#damaged(reasonOf(error));
    }
    if (done !== out.length)
      throw this.#damaged(`has ${done} bytes, although it says ${out.length}`);
    if (crc32(out) !== this.#place.entry.crc32) throw this.#damaged('has a wrong checksum');
    return out;
  }

  async *#packed(): AsyncGenerator<Uint8Array> {
    const { entry, dataStart } = this.#place;
    for (let done = 0; done < entry.compressedSize; done += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, entry.compressedSize - done));
      await this.#read(dataStart + done, piece);
      yield piece;
    }
  }

  #damaged(what: string): KarstError {
    return damaged(this.#path, `${shown(this.name)} ${what}`);
  }
}

/** Names come from strangers: no control characters, and not without end. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?').slice(0, 200);
}

function refused(path: string, why: string): KarstError {
  return new KarstError('format-unsupported', `${path} is not taken: ${why}.`, {
    hint: 'Use a fresh copy of the weights, or the safetensors file of the same model.',
    path,
  });
}

function damaged(path: string, why: string): KarstError {
  return new KarstError('file-damaged', `${path} is damaged: ${why.replace(/\.$/, '')}.`, {
    hint: 'Copy or download it again.',
    path,
  });
}
