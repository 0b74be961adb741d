import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { openFileSync } from '../../formats/files.ts';
import { ALIGNMENT } from './image-index.ts';

/**
 * Decoded images are stored in segments: a pair of files that one thread appends to and all threads
 * read. `<name>.pixels` holds the pixels, each image at a multiple of 64 bytes, and `<name>.index`
 * one 64-byte record per image, written after its pixels. Every record and every image carries a
 * CRC-32, so partial writes and disk faults are detected and the image is decoded again.
 *
 * Record, little-endian: magic, width, height, CRC of the pixels (u32 at 0, 4, 8, 12), offset (f64
 * at 16), sha256 of the source (32 bytes at 24), CRC of the 60 bytes before it (u32 at 60).
 */
export interface SegmentRecord {
  /** SHA-256 of the source file, lower-case hexadecimal. */
  readonly sha256: string;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
  readonly crc: number;
}

const MAGIC = 0x3158504b; // KPX1
const RECORD = 64;

function encodeRecord(record: SegmentRecord): Uint8Array {
  const bytes = new Uint8Array(RECORD);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, record.width, true);
  view.setUint32(8, record.height, true);
  view.setUint32(12, record.crc, true);
  view.setFloat64(16, record.offset, true);
  bytes.set(Buffer.from(record.sha256, 'hex'), 24);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** The intact records of an index file, in order; damaged and truncated ones are skipped. */
export function readSegmentIndex(indexPath: string, pixelsBytes: number): SegmentRecord[] {
  const file = openFileSync(indexPath);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } finally {
    closeSync(file);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: SegmentRecord[] = [];
  for (let at = 0; at + RECORD <= bytes.length; at += RECORD) {
    if (view.getUint32(at, true) !== MAGIC) continue;
    if (crc32(bytes.subarray(at, at + 60)) !== view.getUint32(at + 60, true)) continue;
    const record = {
      sha256: bytes.toString('hex', at + 24, at + 56),
      offset: view.getFloat64(at + 16, true),
      width: view.getUint32(at + 4, true),
      height: view.getUint32(at + 8, true),
      crc: view.getUint32(at + 12, true),
    };
    if (record.offset + record.width * record.height * 3 <= pixelsBytes) records.push(record);
  }
  return records;
}

/** A segment open for appending. Its files must not exist yet. */
export class SegmentWriter {
  readonly #pixels: number;
  readonly #index: number;
  #end = 0;

  constructor(base: string) {
    this.#pixels = openSync(`${base}.pixels`, 'wx+');
    this.#index = openSync(`${base}.index`, 'wx');
  }

  /** Appends an image and returns its record. @throws system errors, after which the segment stays valid */
  append(sha256: string, width: number, height: number, pixels: Uint8Array): SegmentRecord {
    const offset = this.#end;
    writeAll(this.#pixels, pixels, offset);
    this.#end = Math.ceil((offset + pixels.length) / ALIGNMENT) * ALIGNMENT;
    const record = { sha256, offset, width, height, crc: crc32(pixels) };
    writeAll(this.#index, encodeRecord(record), null);
    return record;
  }

  close(): void {
    closeSync(this.#pixels);
    closeSync(this.#index);
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number | null): void {
  let done = 0;
  while (done < bytes.length)
    done += writeSync(
      file,
      bytes,
      done,
      bytes.length - done,
      position === null ? null : position + done,
    );
}

/** Reads images out of the pixels of one segment. */
export class SegmentReader {
  readonly #file: number;

  constructor(base: string) {
    this.#file = openFileSync(`${base}.pixels`);
  }

  /** The pixels of a record; null when their checksum differs. */
  read({ offset, width, height, crc }: Omit<SegmentRecord, 'sha256'>): Uint8Array | null {
    const pixels = new Uint8Array(width * height * 3);
    let done = 0;
    while (done < pixels.length) {
      const bytes = readSync(this.#file, pixels, done, pixels.length - done, offset + done);
      if (bytes === 0) return null;
      done += bytes;
    }
    return crc32(pixels) === crc ? pixels : null;
  }

  /** Bytes of the pixels file. */
  size(): number {
    return fstatSync(this.#file).size;
  }

  close(): void {
    closeSync(this.#file);
  }
}
