import type * as Files from 'node:fs/promises';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { giveUpUnusableCache } from '../../../main/engine/runtime/compile-cache.ts';
import { xlaCacheFlag } from '../../../main/platform/engine-environment.mjs';

const disk = vi.hoisted(() => ({ free: null as number | null, fault: null as string | null }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Files>();
  return {
    ...real,
    statfs: async (path: string) => {
      const found = await real.statfs(path);
      return disk.free === null ? found : { bavail: disk.free, bsize: 1 };
    },
    open: async (path: string, flags: string) => {
      if (disk.fault !== null) throw Object.assign(new Error('injected'), { code: disk.fault });
      return real.open(path, flags);
    },
  };
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'karst compile-'));
});
afterEach(() => {
  disk.free = null;
  disk.fault = null;
  rmSync(dir, { recursive: true, force: true });
});

describe('the cache of compiled programs', () => {
  it('is made and used where there is room, and nothing is left in it', async () => {
    const folder = join(dir, 'new', 'xla');
    const environment = { TF_XLA_FLAGS: xlaCacheFlag(folder) };
    expect(await giveUpUnusableCache(environment)).toBeNull();
    expect(environment.TF_XLA_FLAGS).toBe(xlaCacheFlag(folder));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[string, () => string, string]>([
    [
      'whose disk is nearly full',
      () => {
        disk.free = 3 * 2 ** 20;
        return join(dir, 'xla');
      },
      'its disk has 3.1 MB left, and 268 MB are needed',
    ],
    [
      'whose disk is full',
      () => {
        disk.fault = 'ENOSPC';
        return join(dir, 'xla');
      },
      'the disk is full',
    ],
    [
      'whose disk is read-only',
      () => {
        disk.fault = 'EROFS';
        return join(dir, 'xla');
      },
      'the file system is read-only',
    ],
    [
      'that cannot be made',
      () => {
        writeFileSync(join(dir, 'file'), '');
        return join(dir, 'file', 'xla');
      },
      'a part of the path is not a folder',
    ],
  ])('%s is not used, and that is said', async (_name, prepare, reason) => {
    const folder = prepare();
    const environment: Record<string, string> = { TF_XLA_FLAGS: xlaCacheFlag(folder) };
    expect(await giveUpUnusableCache(environment)).toMatchObject({
      code: 'not-writable',
      message: `Compiled programs are not cached in ${folder}: ${reason}.`,
      hint: expect.stringMatching(/continues.*KARST_CACHE/) as unknown,
      path: folder,
    });
    expect(environment).toEqual({});
  });

  it('of somebody else is left alone', async () => {
    disk.free = 0;
    const environment = { TF_XLA_FLAGS: '--tf_xla_persistent_cache_directory=/nowhere' };
    expect(await giveUpUnusableCache(environment)).toBeNull();
    expect(environment.TF_XLA_FLAGS).toContain('/nowhere');
  });
});
