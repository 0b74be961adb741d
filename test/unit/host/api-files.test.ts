import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { fileList } from '../../../shared/contract/window/system.ts';
import {
  LISTED_AT_MOST,
  listFolder,
  makeFolderIn,
} from '../../../main/host/services/file-browser.ts';
import { refusal, temporaryFolder } from './support.ts';

const IMAGES = ['.png', '.jpg'];

async function listed(folder: string | null, extensions: readonly string[] = []) {
  return v.parse(fileList, await listFolder(folder, extensions));
}

describe('a folder', () => {
  it('is listed by name as people count, folders first, without what is hidden or not wanted', async () => {
    const folder = temporaryFolder();
    for (const name of ['img10', 'img9', 'Beach', '.git']) mkdirSync(join(folder, name));
    for (const name of ['b.PNG', 'a10.jpg', 'a9.jpg', 'notes.txt', '.hidden.png'])
      writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, 'img9', 'in.heic'), '');
    const { entries, images, more, parent } = await listed(folder, IMAGES);
    expect(images).toBe(3);
    expect(entries).toEqual([
      { name: 'Beach', path: join(folder, 'Beach'), kind: 'folder', bytes: null, images: 0 },
      { name: 'img9', path: join(folder, 'img9'), kind: 'folder', bytes: null, images: 1 },
      { name: 'img10', path: join(folder, 'img10'), kind: 'folder', bytes: null, images: 0 },
      { name: 'a9.jpg', path: join(folder, 'a9.jpg'), kind: 'file', bytes: 6, images: null },
      { name: 'a10.jpg', path: join(folder, 'a10.jpg'), kind: 'file', bytes: 7, images: null },
      { name: 'b.PNG', path: join(folder, 'b.PNG'), kind: 'file', bytes: 5, images: null },
    ]);
    expect(more).toBe(false);
    expect(parent).toBe(join(folder, '..'));
    expect((await listed(folder)).entries.map(({ kind }) => kind)).toEqual(Array(3).fill('folder'));
  });

  it('shows links as what they lead to, and leaves out those that lead nowhere', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'a.png'), 'a');
    symlinkSync(join(folder, 'real'), join(folder, 'to-folder'));
    symlinkSync(join(folder, 'real', 'a.png'), join(folder, 'to-file.png'));
    symlinkSync(join(folder, 'gone.png'), join(folder, 'nowhere.png'));
    symlinkSync(join(folder, 'circle.png'), join(folder, 'circle.png'));
    expect((await listed(folder, IMAGES)).entries.map(({ name, kind }) => [name, kind])).toEqual([
      ['real', 'folder'],
      ['to-folder', 'folder'],
      ['to-file.png', 'file'],
    ]);
  });

  it.runIf(process.platform === 'linux')('tells names apart that are not UTF-8', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sound'));
    for (const name of ['K\xe4fer', '.verst\xe4ckt'])
      mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]));
    const { entries, unnameable } = await listed(folder);
    expect(entries.map(({ name }) => name)).toEqual(['sound']);
    expect(unnameable).toEqual(['K\\xE4fer']);
  });

  it('of too many entries is cut and says so', async () => {
    const folder = temporaryFolder();
    for (let i = 0; i < LISTED_AT_MOST + 1; i++) writeFileSync(join(folder, `${i}.png`), '');
    const { entries, more } = await listed(folder, IMAGES);
    expect([entries.length, more]).toEqual([2000, true]);
    expect(entries.at(-1)?.name).toBe('1999.png');
  });

  it('is that of the user when none is named', async () => {
    const { folder, places } = await listed(null);
    expect(folder).toBe(homedir());
    expect(places[0]).toEqual({ name: 'home', path: homedir() });
    expect(places.map(({ name }) => name)).toContain(
      process.platform === 'win32' ? 'C:\\' : 'computer',
    );
  });

  it('at the root has no parent', async () => {
    expect((await listed('/')).parent).toBeNull();
    expect((await listed('/usr/../')).folder).toBe('/');
  });

  it('that is not there, is a file, or has no whole path is refused with its name', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), '');
    const gone = await refusal(listFolder(join(folder, 'gone'), []), 'not-found');
    expect(gone.message).toContain(join(folder, 'gone'));
    const file = await refusal(listFolder(join(folder, 'a.png'), []), 'not-found');
    expect(file.message).toBe(`${join(folder, 'a.png')} is not a folder.`);
    await refusal(listFolder('pictures', []), 'usage');
  });

  it('that may not be read is refused in words', async () => {
    const folder = join(temporaryFolder(), 'locked');
    mkdirSync(folder, { mode: 0 });
    const asRoot = process.geteuid?.() === 0;
    // File modes do not apply to root, so root runs this as the account "nobody".
    if (asRoot) process.seteuid?.(65_534);
    try {
      const error = await refusal(listFolder(folder, []), 'not-readable');
      expect(error.message).toBe(`Cannot read ${folder}: permission is denied.`);
    } finally {
      if (asRoot) process.seteuid?.(0);
      chmodSync(folder, 0o700);
    }
  });
});

describe('a new folder', () => {
  it('is made and listed', async () => {
    const parent = temporaryFolder();
    const made = v.parse(fileList, await makeFolderIn(parent, 'Neue Bilder'));
    expect(made).toMatchObject({ folder: join(parent, 'Neue Bilder'), parent, entries: [] });
    expect((await listed(parent)).entries.map(({ name }) => name)).toEqual(['Neue Bilder']);
  });

  it('does not take the place of another', async () => {
    const parent = temporaryFolder();
    await makeFolderIn(parent, 'a');
    await refusal(makeFolderIn(parent, 'a'), 'name-taken');
    const error = await refusal(makeFolderIn(join(parent, 'gone'), 'b'), 'not-writable');
    expect(error.path).toBe(join(parent, 'gone', 'b'));
  });

  it.each([
    '..',
    '.',
    '.hidden',
    '../up',
    'a/b',
    'a\\b',
    'a\0b',
    'a:b',
    'CON',
    'nul.txt',
    'end.',
    'what?',
  ])('is not named %j', async (name) => {
    await refusal(makeFolderIn(temporaryFolder(), name), 'usage');
  });
});
