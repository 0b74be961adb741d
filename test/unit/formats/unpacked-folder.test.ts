import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { unpackedFolder } from '../../../main/formats/unpacked-folder.ts';
import { SAMPLE_ARCHIVE, SAMPLE_IMAGES } from '../../../main/host/services/sample.ts';

const FILES = { 'a/one.txt': 'one', 'a/two.txt': 'two', 'b/three.txt': 'three' };

let place: string;
let zip: string;
let folder: string;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'karst-unpacked-'));
  zip = join(place, 'files.zip');
  folder = join(place, 'below', 'files');
  const archive = new yazl.ZipFile();
  for (const [name, text] of Object.entries(FILES)) archive.addBuffer(Buffer.from(text), name);
  archive.end();
  await pipeline(archive.outputStream, createWriteStream(zip));
});
afterEach(() => rm(place, { recursive: true }));

const contents = (): Record<string, string> =>
  Object.fromEntries(
    Object.keys(FILES).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );

describe('an unpacked folder', () => {
  it('holds what the zip holds, and is left as it is the next time', async () => {
    await unpackedFolder(zip, folder);
    expect(contents()).toEqual(FILES);
    await unpackedFolder(zip, folder);
    expect(contents()).toEqual(FILES);
    expect(readdirSync(join(place, 'below'))).toEqual(['files']);
  });

  it('is mended where a file is missing, cut short or another, and keeps what is not of the zip', async () => {
    await unpackedFolder(zip, folder);
    await unlink(join(folder, 'a/one.txt'));
    await writeFile(join(folder, 'a/two.txt'), 't');
    await writeFile(join(folder, 'b/three.txt'), 'THREE');
    await writeFile(join(folder, 'b/mine.txt'), 'mine');
    await unpackedFolder(zip, folder);
    expect(contents()).toEqual(FILES);
    expect(readFileSync(join(folder, 'b/mine.txt'), 'utf8')).toBe('mine');
  });

  it('is whole for each of those that unpack it at the same time', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await unpackedFolder(zip, folder);
        expect(contents()).toEqual(FILES);
      }),
    );
    expect(readdirSync(join(place, 'below'))).toEqual(['files']);
  });

  it('is not begun from a zip that is damaged or not there', async () => {
    const bytes = readFileSync(zip);
    const damaged = join(place, 'damaged.zip');
    await writeFile(damaged, bytes.subarray(0, bytes.length - 30));
    await expect(unpackedFolder(damaged, folder)).rejects.toMatchObject({ code: 'file-damaged' });
    const nowhere = join(place, 'nowhere.zip');
    await expect(unpackedFolder(nowhere, folder)).rejects.toMatchObject({ code: 'not-found' });
    expect(existsSync(join(place, 'below'))).toBe(false);
  });

  it('of the sample holds its images', async () => {
    await unpackedFolder(SAMPLE_ARCHIVE, folder);
    const images = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(images.filter((name) => name.endsWith('.png'))).toHaveLength(SAMPLE_IMAGES);
  });
});
