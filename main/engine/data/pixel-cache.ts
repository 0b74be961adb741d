import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { reasonOf } from '../../formats/files.ts';
import { cacheFault } from './cache-fault.ts';
import { type SegmentRecord, SegmentReader, SegmentWriter } from './cache-segment.ts';
import { ALIGNMENT, ImageIndex, IN_MEMORY } from './image-index.ts';
import type { RgbImage } from './preprocessing.ts';

/** What a thread needs to open its loader's cache; structured-clonable, with shared memory. */
export interface CachePlan {
  readonly index: SharedArrayBuffer;
  /** Paths of the segments, without ending, by number. */
  readonly segments: readonly string[];
  /** Memory for images when there is no folder, and its end in units of 64 bytes. */
  readonly memory: SharedArrayBuffer | null;
  readonly memoryEnd: SharedArrayBuffer;
  /** Bytes of pixels that may still be written to disk, in units of 64. */
  readonly diskLeft: SharedArrayBuffer;
  /** The fault to report when they are used up; null where that is the cache's own limit. */
  readonly diskFull: ErrorReport | null;
  /** Why the requested folder is not used. */
  readonly fault: ErrorReport | null;
}

/**
 * One thread's view of a loader's decoded images: located by the shared index, stored in the
 * segments of a folder or, without one, in shared memory. The system's page cache holds as much of
 * the segments as fits, so memory use is bounded whatever the number of images.
 */
export class PixelCache {
  readonly #index: ImageIndex;
  readonly #plan: CachePlan;
  /** Number of the segment that this thread appends to; null when the cache is in memory. */
  readonly #own: number | null;
  readonly #readers = new Map<number, SegmentReader>();
  readonly #memory: Uint8Array | null;
  readonly #memoryEnd: Int32Array;
  readonly #diskLeft: Int32Array;
  #writer: SegmentWriter | null = null;
  #fault: ErrorReport | null = null;

  constructor(plan: CachePlan, own: number | null) {
    this.#plan = plan;
    this.#own = own;
    this.#index = new ImageIndex({ shared: plan.index });
    this.#memory = plan.memory === null ? null : new Uint8Array(plan.memory);
    this.#memoryEnd = new Int32Array(plan.memoryEnd);
    this.#diskLeft = new Int32Array(plan.diskLeft);
  }

  /** Why writing to disk has stopped; null while it works. */
  get fault(): ErrorReport | null {
    return this.#fault;
  }

  has(image: number): boolean {
    return this.#index.get(image) !== null;
  }

  /**
   * The image; null if it is not cached or damaged. Do not modify the pixels: they may be shared.
   */
  get(image: number): RgbImage | null {
    const place = this.#index.get(image);
    if (place === null) return null;
    const { segment, offset, width, height } = place;
    if (segment === IN_MEMORY) {
      const pixels = this.#memory!.subarray(offset, offset + width * height * 3);
      return { width, height, pixels };
    }
    let pixels: Uint8Array | null;
    try {
      pixels = this.#reader(segment).read(place);
    } catch {
      // The segment was removed by another process or cannot be read: decode the source, which
      // reports its own absence.
      pixels = null;
    }
    if (pixels !== null) return { width, height, pixels };
    this.#index.remove(image);
    return null;
  }

  /** Stores an image if there is room. */
  put(image: number, sha256: string, { width, height, pixels }: RgbImage): void {
    const units = Math.ceil(pixels.length / ALIGNMENT);
    if (this.#own === null) {
      if (this.#memory === null) return;
      const begin = Atomics.add(this.#memoryEnd, 0, units);
      const offset = begin * ALIGNMENT;
      if (offset + pixels.length > this.#memory.length) {
        Atomics.sub(this.#memoryEnd, 0, units);
        return;
      }
      this.#memory.set(pixels, offset);
      this.#index.set(image, { segment: IN_MEMORY, offset, width, height, crc: crc32(pixels) });
      return;
    }
    if (this.#fault !== null) return;
    if (Atomics.sub(this.#diskLeft, 0, units) < units) {
      Atomics.add(this.#diskLeft, 0, units);
      this.#fault = this.#plan.diskFull;
      return;
    }
    const base = this.#plan.segments[this.#own]!;
    let record: SegmentRecord;
    try {
      this.#writer ??= new SegmentWriter(base);
      record = this.#writer.append(sha256, width, height, pixels);
    } catch (error) {
      // The job continues without the cache; the loader reports this to the log.
      this.#fault = cacheFault(dirname(base), reasonOf(error));
      return;
    }
    this.#index.set(image, { segment: this.#own, ...record });
  }

  close(): void {
    this.#writer?.close();
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
  }

  #reader(segment: number): SegmentReader {
    let reader = this.#readers.get(segment);
    if (reader === undefined) {
      reader = new SegmentReader(this.#plan.segments[segment]!);
      this.#readers.set(segment, reader);
    }
    return reader;
  }
}
