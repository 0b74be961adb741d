import { closeSync, createWriteStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import yazl from 'yazl';
import { KarstError } from '../../shared/domain/errors.ts';
import { ADAPTER_FILES, ADAPTER_WEIGHTS, CARD } from './adapter-folder.ts';
import {
  openFile,
  openFileSync,
  readError,
  reasonOf,
  writeError,
  writeFileAtomic,
  writeFolderAtomic,
} from './files.ts';

/**
 * The `.karst` file: an adapter folder as a zip, in one top-level folder. Other entries are
 * ignored; a malicious zip is refused as a whole. docs/formats.md describes it.
 */

export const KARST_ENDING = '.karst';

/** An adapter has five files; zip tools add a few. */
const MOST_ENTRIES = 1000;
const MOST_WEIGHT_BYTES = 16 * 2 ** 30;
const MOST_OTHER_BYTES = 64 * 2 ** 20;
/** Limits of the unpacked size: absolute, and relative to the file's size. */
const FREE_BYTES = 64 * 2 ** 20;
const MOST_TIMES = 100;
/** Unix file types in the upper half of the external attributes. */
const TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

const MAGIC = 'PK\x03\x04';

export interface KarstFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of content bytes. */
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
}

/** Whether `path` is a file that is to be read as one: by its ending, or because it begins as a zip does. */
export async function isKarstFile(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return false;
    if (path.toLowerCase().endsWith(KARST_ENDING)) return true;
    const handle = await openFile(path);
    try {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(MAGIC.length),
        0,
        MAGIC.length,
        0,
      );
      return buffer.toString('latin1', 0, bytesRead) === MAGIC;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw readError(path, error);
  }
}

/**
 * Writes the five files of an adapter folder as `out`, whole or not at all.
 * @param top name of the folder inside, without separators
 * @throws not-found, not-readable, not-writable, name-taken, cancelled
 */
export async function packKarstFile(
  folder: string,
  top: string,
  out: string,
  options: KarstFileOptions = {},
): Promise<void> {
  const files: FileToPack[] = [];
  for (const name of ADAPTER_FILES) {
    const path = join(folder, name);
    try {
      const { size, mtime } = await stat(path);
      files.push({ path, name, bytes: size, mtime });
    } catch (error) {
      // The model card is for people: an adapter is whole without it.
      if (name !== CARD || (error as NodeJS.ErrnoException).code !== 'ENOENT')
        throw readError(path, error);
    }
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  await writeFileAtomic(
    out,
    async (append) => {
      for await (const chunk of packed(files, top)) {
        throwIfCancelled(out, options.signal);
        await append(chunk);
        done += chunk.length;
        options.onBytes?.(Math.min(done, total), total);
      }
    },
    { replace: false },
  );
}

interface FileToPack {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly mtime: Date;
}

/** The bytes of the zip. Files are closed when the caller goes away. */
async function* packed(files: readonly FileToPack[], top: string): AsyncGenerator<Uint8Array> {
  const zip = new yazl.ZipFile();
  const output = zip.outputStream.pipe(new PassThrough());
  const opened: ReadStream[] = [];
  const fail = (error: Error): void => {
    output.destroy(error);
  };
  zip.on('error', (cause: Error) =>
    fail(new KarstError('file-changed', `A file changed while it was packed: ${cause.message}.`)),
  );
  for (const { path, name, bytes, mtime } of files)
    zip.addReadStreamLazy(
      `${top}/${name}`,
      // Weights are noise to a packer: deflating them takes long and gains nothing.
      // With the files' own times, one adapter packs to the same bytes whenever that is done.
      { compress: name !== ADAPTER_WEIGHTS, mode: REGULAR | 0o644, mtime, size: bytes },
      (use) => {
        // The packer continues with the next file even if nobody reads its output.
        if (output.destroyed) return;
        void openFile(path).then((handle) => {
          const stream = handle
            .createReadStream()
            .on('error', (error) => fail(readError(path, error)));
          opened.push(stream);
          use(null, stream);
        }, fail);
      },
    );
  zip.end();
  try {
    for await (const chunk of output) yield chunk as Uint8Array;
  } finally {
    output.destroy();
    for (const stream of opened) stream.destroy();
  }
}

/**
 * Unpacks the adapter of a `.karst` file into the new folder `folder`, which appears whole or not at all. That
 * what is in it makes an adapter is for `readAdapterFolder` to say.
 * @throws not-found, not-readable, file-damaged, format-unknown, format-unsupported, not-writable, cancelled
 */
export async function unpackKarstFile(
  path: string,
  folder: string,
  options: KarstFileOptions = {},
): Promise<void> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  const zip = await openZip(path);
  try {
    const entries = wanted(path, await entriesOf(path, zip));
    const total = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    if (total > FREE_BYTES + MOST_TIMES * size)
      throw refused(path, `its ${size} bytes say that they unpack to ${total}`);
    let before = 0;
    await writeFolderAtomic(folder, async (temporary) => {
      for (const { name, entry } of entries) {
        await unpackEntry(path, zip, entry, join(temporary, name), {
          ...options,
          onBytes: (done) => options.onBytes?.(before + done, total),
        });
        before += entry.uncompressedSize;
      }
    });
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<yauzl.ZipFile> {
  const file = openFileSync(path);
  try {
    return await yauzl.fromFdPromise(file, { autoClose: false, strictFileNames: true });
  } catch (error) {
    closeSync(file);
    if ((error as NodeJS.ErrnoException).code !== undefined) throw readError(path, error);
    throw damaged(path, error);
  }
}

/** Every entry, checked individually and against the others. */
async function entriesOf(path: string, zip: yauzl.ZipFile): Promise<yauzl.Entry[]> {
  if (zip.entryCount > MOST_ENTRIES) throw refused(path, `it has ${zip.entryCount} entries`);
  const entries: yauzl.Entry[] = [];
  const seen = new Set<string>();
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      // Many file systems take names of another case or composition for the same.
      const key = fileName.replace(/\/$/, '').normalize('NFC').toLowerCase();
      if (seen.has(key)) throw refused(path, `the name ${shown(fileName)} is in it twice`);
      seen.add(key);
      checkEntry(path, entry);
      entries.push(entry);
    }
  } catch (error) {
    if (error instanceof KarstError) throw error;
    const { message } = error as Error;
    throw /^(absolute path|invalid relative path|invalid characters in fileName)/.test(message)
      ? refused(path, `an entry leads out of it (${shown(message)})`)
      : damaged(path, error);
  }
  return entries;
}

function checkEntry(path: string, entry: yauzl.Entry): void {
  const { fileName, generalPurposeBitFlag, compressionMethod, externalFileAttributes } = entry;
  const parts = fileName.replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /\p{Cc}/u.test(part)))
    throw refused(path, `${shown(fileName)} is no name of a file`);
  const type = (externalFileAttributes >>> 16) & TYPE_MASK;
  if (type !== 0 && type !== REGULAR && type !== DIRECTORY)
    throw refused(path, `${shown(fileName)} is a link or a device`);
  if ((generalPurposeBitFlag & ENCRYPTED) !== 0)
    throw refused(path, `${shown(fileName)} is encrypted`);
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
    throw refused(path, `${shown(fileName)} is packed by an unsupported method`);
}

interface WantedEntry {
  readonly name: string;
  readonly entry: yauzl.Entry;
}

/** The files of the one adapter in it, by their names. */
function wanted(path: string, entries: readonly yauzl.Entry[]): WantedEntry[] {
  const tops = entries.flatMap(({ fileName }) => {
    const [top = '', name, ...deeper] = fileName.split('/');
    return name === 'adapter_config.json' && deeper.length === 0 ? [top] : [];
  });
  if (tops.length > 1) throw refused(path, 'it holds more than one adapter');
  const [top] = tops;
  if (top === undefined)
    throw new KarstError(
      'format-unknown',
      `${path} holds no adapter: there is no adapter_config.json in a folder of it.`,
      {
        hint: 'A .karst file is a zip of an adapter folder: zip the folder itself, not the files in it.',
        path,
      },
    );
  return ADAPTER_FILES.flatMap((name) => {
    const entry = entries.find(({ fileName }) => fileName === `${top}/${name}`);
    if (entry === undefined) return [];
    const most = name === ADAPTER_WEIGHTS ? MOST_WEIGHT_BYTES : MOST_OTHER_BYTES;
    if (entry.uncompressedSize > most)
      throw refused(path, `${name} is said to have ${entry.uncompressedSize} bytes`);
    return [{ name, entry }];
  });
}

/** Writes what an entry holds, which must be as long as it says and have its checksum. */
async function unpackEntry(
  path: string,
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  target: string,
  options: Required<Pick<KarstFileOptions, 'onBytes'>> & KarstFileOptions,
): Promise<void> {
  let bytes = 0;
  let sum = 0;
  const check = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      sum = crc32(chunk, sum);
      if (bytes > entry.uncompressedSize) {
        done(refused(path, `${shown(entry.fileName)} is longer than it says`));
        return;
      }
      options.onBytes?.(bytes, entry.uncompressedSize);
      done(null, chunk);
    },
  });
  const output = createWriteStream(target, { flags: 'wx' });
  try {
    const stream = await zip.openReadStreamPromise(entry);
    const { signal } = options;
    await pipeline(stream, check, output, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof KarstError) throw error;
    throwIfCancelled(path, options.signal);
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'read') throw readError(path, error);
    throw syscall === undefined ? damaged(path, error) : writeError(target, error);
  }
  if (bytes !== entry.uncompressedSize || sum !== entry.crc32)
    throw damaged(path, new Error(`the checksum of ${shown(entry.fileName)} is wrong`));
}

function throwIfCancelled(path: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new KarstError('cancelled', `The work on ${path} was cancelled.`);
}

/** Names come from strangers: no control characters, and not without end. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?').slice(0, 200);
}

function refused(path: string, why: string): KarstError {
  return new KarstError('format-unsupported', `${path} is not taken: ${why}.`, {
    hint: 'Ask for a fresh copy, made by KARST Studio.',
    path,
  });
}

function damaged(path: string, error: unknown): KarstError {
  return new KarstError(
    'file-damaged',
    `${path} cannot be read as a .karst file: ${reasonOf(error).replace(/\.$/, '')}.`,
    { hint: 'Copy or download it again.', path, cause: error },
  );
}
