import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesInWords } from '../../../shared/domain/bytes-in-words.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { reasonOf } from '../../formats/files.ts';
import { cacheFault } from './cache-fault.ts';
import { readSegmentIndex } from './cache-segment.ts';
import { ALIGNMENT, ImageIndex } from './image-index.ts';
import type { CachePlan } from './pixel-cache.ts';

/** Changes with decoding or base transforms, so that images of other versions are not reused. */
const CACHE_VERSION = 'v2';

/** Limit of a cache folder, in bytes. */
const DISK_LIMIT = 32 * 2 ** 30;

/** Disk space left free, in bytes. */
const DISK_RESERVE = 2 * 2 ** 30;

/** Limit of the cache in memory, used without a folder, in bytes. */
export const MEMORY_LIMIT = 512 * 2 ** 20;

/** The largest number of 64-byte units that a 32-bit counter holds. */
const UNITS = 2 ** 31 - 1;

interface Segment {
  readonly base: string;
  readonly bytes: number;
  readonly modified: number;
}

interface Room {
  /** Bytes that may be written. */
  readonly bytes: number;
  /** Whether the disk's free space sets the limit, not the cache's own limit. */
  readonly ofDisk: boolean;
}

/**
 * Opens a cache for the given images: indexes those that the folder has, makes room by removing the
 * oldest segments without any of them, and names a new segment for each thread. Without a writable
 * folder it allocates memory and reports why.
 *
 * @param folder parent of all caches; null keeps images in memory
 * @param rule name of the base transform
 * @param memoryBytes limit of the memory used without a folder
 */
export async function planCache(
  folder: string | null,
  rule: string,
  images: readonly { readonly sha256: string }[],
  threads: number,
  memoryBytes: number,
): Promise<CachePlan> {
  if (folder === null) return inMemory(images.length, memoryBytes, null);
  const own = join(folder, 'pixels', `${CACHE_VERSION}-${rule}`);
  try {
    return await onDisk(folder, own, images, threads, memoryBytes);
  } catch (error) {
    // Without a cache, images are decoded from their files: no reason to end a job.
    return inMemory(images.length, memoryBytes, cacheFault(own, reasonOf(error)));
  }
}

function inMemory(images: number, bytes: number, fault: ErrorReport | null): CachePlan {
  return {
    index: new ImageIndex({ images }).shared,
    memoryEnd: new SharedArrayBuffer(4),
    diskLeft: new SharedArrayBuffer(4),
    diskFull: null,
    segments: [],
    memory: new SharedArrayBuffer(Math.min(bytes, UNITS * ALIGNMENT)),
    fault,
  };
}

/** @throws system errors */
async function onDisk(
  folder: string,
  own: string,
  images: readonly { readonly sha256: string }[],
  threads: number,
  memoryBytes: number,
): Promise<CachePlan> {
  const index = new ImageIndex({ images: images.length });
  await mkdir(own, { recursive: true });
  const bySha = new Map<string, number[]>();
  images.forEach(({ sha256 }, image) => {
    if (sha256 === '') return;
    const same = bySha.get(sha256);
    if (same === undefined) bySha.set(sha256, [image]);
    else same.push(image);
  });
  const used: string[] = [];
  for (const segment of await listSegments(own)) {
    const number = used.length;
    let wanted = false;
    for (const { sha256, ...place } of readSegmentIndex(`${segment.base}.index`, segment.bytes)) {
      for (const image of bySha.get(sha256) ?? []) {
        index.set(image, { segment: number, ...place });
        wanted = true;
      }
    }
    if (wanted) used.push(segment.base);
  }
  const room = await makeRoom(join(folder, 'pixels'), new Set(used));
  const full = room.ofDisk
    ? cacheFault(
        own,
        `its disk has no more than the ${bytesInWords(DISK_RESERVE)} left that must stay free`,
      )
    : null;
  if (full !== null && room.bytes === 0 && used.length === 0)
    return inMemory(images.length, memoryBytes, full);
  const diskLeft = new SharedArrayBuffer(4);
  new Int32Array(diskLeft)[0] = Math.min(UNITS, Math.floor(room.bytes / ALIGNMENT));
  const session = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  for (let thread = 0; thread < threads; thread++) used.push(join(own, `${session}-${thread}`));
  return {
    index: index.shared,
    memoryEnd: new SharedArrayBuffer(4),
    diskLeft,
    diskFull: full,
    segments: used,
    memory: null,
    fault: null,
  };
}

/** The complete segments of one rule's folder, oldest first. */
async function listSegments(dir: string): Promise<Segment[]> {
  const names = new Set(await readdir(dir));
  const segments: Segment[] = [];
  for (const name of names) {
    const base = join(dir, name.slice(0, -'.pixels'.length));
    if (!name.endsWith('.pixels') || !names.has(`${name.slice(0, -'.pixels'.length)}.index`))
      continue;
    const [pixels, index] = await Promise.all([plain(join(dir, name)), plain(`${base}.index`)]);
    if (pixels !== null && index !== null)
      segments.push({ base, bytes: pixels.size, modified: pixels.mtimeMs });
  }
  return segments.sort((a, b) => a.modified - b.modified || (a.base < b.base ? -1 : 1));
}

/**
 * null if another process has removed it, or if it is not a regular file, which no cache writes.
 */
async function plain(path: string): Promise<Stats | null> {
  try {
    const info = await stat(path);
    return info.isFile() ? info : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes old segments not in use here until the limit is met; returns the bytes that may be
 * written.
 */
async function makeRoom(dir: string, inUse: ReadonlySet<string>): Promise<Room> {
  const segments: Segment[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true }))
    if (entry.isDirectory()) segments.push(...(await listSegments(join(dir, entry.name))));
  segments.sort((a, b) => a.modified - b.modified);
  const disk = await statfs(dir);
  let free = disk.bavail * disk.bsize;
  let total = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  for (const segment of segments) {
    if (total <= DISK_LIMIT / 2 && free >= 2 * DISK_RESERVE) break;
    if (inUse.has(segment.base)) continue;
    await rm(`${segment.base}.index`, { force: true });
    await rm(`${segment.base}.pixels`, { force: true });
    total -= segment.bytes;
    free += segment.bytes;
  }
  const [ofCache, ofDisk] = [DISK_LIMIT - total, free - DISK_RESERVE];
  return { bytes: Math.max(0, Math.min(ofCache, ofDisk)), ofDisk: ofDisk < ofCache };
}
