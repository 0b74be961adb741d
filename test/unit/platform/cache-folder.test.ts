import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder, compileCacheFolder } from '../../../main/platform/cache-folder.mjs';

describe('cacheFolder', () => {
  it.each([
    ['linux', { HOME: '/home/a' }, '/home/a/.cache/karst-studio'],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: '/big' }, '/big/karst-studio'],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: 'not/absolute' }, '/home/a/.cache/karst-studio'],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: '' }, '/home/a/.cache/karst-studio'],
    ['darwin', { HOME: '/Users/a' }, '/Users/a/Library/Caches/karst-studio'],
    ['win32', { LOCALAPPDATA: '/c/local' }, '/c/local/karst-studio'],
    ['linux', { HOME: '/home/a', KARST_CACHE: '/elsewhere' }, '/elsewhere'],
  ] as const)('on %s with %o is %s', (platform, environment, folder) => {
    expect(cacheFolder(environment, platform)).toBe(folder);
  });

  it('makes a relative KARST_CACHE absolute', () => {
    expect(cacheFolder({ KARST_CACHE: 'cache' }, 'linux')).toBe(resolve('cache'));
  });

  it('has what Node compiled in a folder of its own', () => {
    expect(compileCacheFolder({ KARST_CACHE: '/elsewhere' })).toBe(join('/elsewhere', 'node'));
  });
});
