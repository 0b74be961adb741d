import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from './karst.ts';
import { starterPlace, type StarterPlace } from './starter-place.ts';

let place: StarterPlace;
beforeAll(async () => {
  place = await starterPlace();
});
afterAll(() => place.remove());

describe('karst starter', () => {
  it('says before the training that it would overwrite something', async () => {
    const digits = path.join(place.folder, 'digits');
    const said = await refusal(place.starter(digits, 'digits'));
    expect(said).toMatchObject({ code: 'name-taken', path: digits });
  });

  it.each<[string, () => string, string, RegExp]>([
    ['a missing file', () => path.join(place.folder, 'no.zip'), 'not-found', /There is nothing at/],
    [
      'a file that is no zip',
      () => {
        writeFileSync(path.join(place.folder, 'text.zip'), 'not a zip');
        return path.join(place.folder, 'text.zip');
      },
      'file-damaged',
      /cannot be read as a zip/,
    ],
    [
      'a zip that leaves its folder',
      () => place.zip('leaving.zip', [{ name: '../outside.png', data: place.images[0]!.data }]),
      'file-damaged',
      /\.\.\/outside\.png/,
    ],
    [
      'a zip without images',
      () => place.zip('words.zip', [{ name: 'notes.txt', data: Buffer.from('no image') }]),
      'format-unsupported',
      /words\.zip is not unpacked: it has no images/,
    ],
  ])('refuses %s and leaves nothing behind', async (_, source, code, sentence) => {
    const empty = path.join(place.folder, 'empty-home');
    const said = await refusal([
      ...[
        'starter',
        '--home',
        empty,
        '--images',
        source(),
        '--out',
        path.join(place.folder, 'none'),
      ],
    ]);
    expect(said.code).toBe(code);
    expect(said.message).toMatch(sentence);
    expect(existsSync(path.join(place.folder, 'outside.png'))).toBe(false);
    expect(existsSync(path.join(place.folder, 'none'))).toBe(false);
    expect(existsSync(path.join(empty, 'starter-images'))).toBe(false);
  });
});
