import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../../formats/files.ts';
import { readSegmentIndex } from './cache-segment.ts';
import { ALIGNMENT, ImageIndex } from './image-index.ts';
import type { CachePlan } from './pixel-cache.ts';

/** Changes when decoding or the working rules change, so that images of another version are not taken. */
const CACHE_VERSION = 'v2';

/** Most bytes of decoded images in a cache folder. */
export const DISK_LIMIT = 32 * 2 ** 30;

/** So much of the disk is left free. */
const DISK_RESERVE = 2 * 2 ** 30;

/** Most bytes of decoded images in memory when there is no cache folder. */
export const MEMORY_LIMIT = 512 * 2 ** 20;

/** The largest number of 64-byte units that a 32-bit counter holds. */
const UNITS = 2 ** 31 - 1;

interface Segment {
  readonly base: string;
  readonly bytes: number;
  readonly modified: number;
}

/**
 * Opens a cache for the given images: indexes what the folder has of them, makes room by removing the oldest
 * segments that hold none of them, and names a new segment for each thread. Without a folder it sets memory
 * aside.
 *
 * @param folder parent of all caches; null keeps images in memory
 * @param rule name of the working rule
 * @param memoryBytes at most so much memory when there is no folder
 * @throws KarstError `not-writable`
 */
export async function planCache(
  folder: string | null,
  rule: string,
  images: readonly { readonly sha256: string }[],
  threads: number,
  memoryBytes: number,
): Promise<CachePlan> {
  const index = new ImageIndex({ images: images.length });
  const plan = {
    index: index.shared,
    memoryEnd: new SharedArrayBuffer(4),
    diskLeft: new SharedArrayBuffer(4),
  };
  if (folder === null) {
    const bytes = Math.min(memoryBytes, UNITS * ALIGNMENT);
    return { ...plan, segments: [], memory: new SharedArrayBuffer(bytes) };
  }

  const own = join(folder, 'pixels', `${CACHE_VERSION}-${rule}`);
  try {
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
    const left = await makeRoom(join(folder, 'pixels'), new Set(used));
    new Int32Array(plan.diskLeft)[0] = Math.min(UNITS, Math.floor(left / ALIGNMENT));
    const session = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
    for (let thread = 0; thread < threads; thread++) used.push(join(own, `${session}-${thread}`));
    return { ...plan, segments: used, memory: null };
  } catch (error) {
    throw writeError(own, error);
  }
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

/** null for what another process has removed meanwhile, and for what is no plain file: no cache wrote that. */
async function plain(path: string): Promise<Stats | null> {
  try {
    const info = await stat(path);
    return info.isFile() ? info : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes old segments that are not in use here while the limit is passed; returns the bytes that may be written. */
async function makeRoom(dir: string, inUse: ReadonlySet<string>): Promise<number> {
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
  return Math.max(0, Math.min(DISK_LIMIT - total, free - DISK_RESERVE));
}
