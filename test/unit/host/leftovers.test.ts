import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootOf, ownMark } from '../../../main/formats/process-mark.ts';
import { homeFolders, type HomeFolders } from '../../../main/host/home.ts';
import { sweepLeftovers, writingInto } from '../../../main/host/services/leftovers.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { openLibrary } from '../../../main/host/store/open-library.ts';
import { studioIn, temporaryFolder } from './support.ts';

/** The mark of an impossible process: its number exceeds the system's maximum. */
const DEAD = `2147483646-1-${bootOf(ownMark())}`;
const left = (name: string): string => `.${name}.${DEAD}.0123456789ab.tmp`;

/** Leaves a temporary file or folder of a killed process wherever the home is written to. */
function litter({ root, backups, backbones, runs, adapters, merged, work }: HomeFolders): string[] {
  const run = join(runs, 'run-1');
  const files = [
    ...[root, backups, backbones, adapters, merged, work].map((f) => join(f, left('file'))),
    ...[run, join(run, 'checkpoints')].map((f) => join(f, left('state.json'))),
  ];
  const folders = [join(adapters, left('ad-1')), join(run, 'checkpoints', left('step-8'))];
  for (const path of files) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'begun');
  }
  for (const path of folders) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'part'), 'begun');
  }
  return [...files, ...folders];
}

describe('what killed work leaves', () => {
  it('is gone from the whole home after the next start', async () => {
    const home = temporaryFolder();
    const folders = homeFolders(home);
    const owner = newOwner();
    const { library } = await openLibrary(folders, owner);
    // Simulates a killed studio: its session remains in the library.
    library.close();
    releaseOwner(owner);
    const paths = litter(folders);
    const kept = join(folders.adapters, 'ad-1');
    mkdirSync(kept);
    await studioIn(home);
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
    expect(existsSync(kept)).toBe(true);
  });

  it('is gone from beside adapters and models after every start', async () => {
    const home = temporaryFolder();
    const folders = homeFolders(home);
    const paths = litter(folders);
    await studioIn(home);
    const there = paths.filter((path) => existsSync(path));
    expect(there).toEqual(paths.filter((path) => path.includes('run-1')));
    expect(await sweepLeftovers(folders, true)).toEqual([]);
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
  });

  it('is found in folders outside the home, where only what was begun then is taken', async () => {
    const home = temporaryFolder();
    const folders = homeFolders(home);
    const outside = temporaryFolder();
    mkdirSync(folders.work, { recursive: true });
    const note = `outside.${DEAD}.0123456789ab.json`;
    writeFileSync(join(folders.work, note), JSON.stringify({ folder: outside }));
    const ours = left('birds.safetensors');
    const elsewhere = '.birds.7-1-00000000.0123456789ab.tmp';
    for (const name of [ours, elsewhere, 'birds.safetensors', '.mine.tmp'])
      writeFileSync(join(outside, name), 'x');
    await studioIn(home);
    expect(readdirSync(outside).sort()).toEqual(
      [elsewhere, '.mine.tmp', 'birds.safetensors'].sort(),
    );
    expect(readdirSync(folders.work)).toEqual([]);
  });

  it('is noted down only as long as somebody writes outside the home', async () => {
    const folders = homeFolders(temporaryFolder());
    const outside = temporaryFolder();
    const notes = (): string[] => (existsSync(folders.work) ? readdirSync(folders.work) : []);
    await writingInto(folders, outside, async () => {
      expect(notes()).toEqual([expect.stringContaining(`outside.${ownMark()}.`)]);
      // A sweep by a studio that starts meanwhile leaves the note in place.
      expect(await sweepLeftovers(folders, true)).toEqual([]);
      expect(notes()).toHaveLength(1);
    });
    expect(notes()).toEqual([]);
    const failing = writingInto(folders, outside, async () => Promise.reject(new Error('full')));
    await expect(failing).rejects.toThrow('full');
    expect(notes()).toEqual([]);
    await writingInto(folders, folders.merged, async () => expect(notes()).toEqual([]));
  });
});
