import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { zipOf, type ZipEntry } from '../../fixtures/zip.ts';
import { answer, karst, refusal, someDigits, start, workplace } from './karst.ts';
import { run } from './schemas.ts';

/** The starter's own shape, on 36 images: a step is a second's work, but there are few of them. */
const EPOCHS = 6;
const PATIENCE = 900_000;
const answered = v.strictObject({
  out: v.string(),
  test: v.nullable(v.strictObject({ n: v.number(), top1: v.number(), loss: v.number() })),
});

let folder: string;
let home: string;
let remove: () => Promise<void>;
let images: ZipEntry[];
beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  for (const [split, each] of [
    ['train', 12],
    ['test', 4],
  ] as const)
    someDigits(path.join(folder, 'digits', split), 3, each);
  images = readdirSync(path.join(folder, 'digits'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .map((name) => ({ name, data: readFileSync(path.join(folder, 'digits', name)) }));
});
afterAll(() => remove());

const starter = (source: string, out: string, ...more: string[]) => [
  ...['starter', '--home', home, '--images', source, '--out', path.join(folder, out)],
  ...['--epochs', String(EPOCHS), ...more],
];
function zip(name: string, entries: readonly ZipEntry[]): string {
  const file = path.join(folder, name);
  writeFileSync(file, zipOf(entries));
  return file;
}

describe('karst starter', () => {
  it(
    'makes a backbone of a zip, interrupted and called again, that can be trained on',
    async () => {
      expect(images).toHaveLength(48);
      const source = zip('digits.zip', [
        ...images,
        { name: 'train/0/link.png', data: Buffer.from('/etc/hostname'), mode: 0o120777 },
        { name: 'train/0/.hidden.png', data: images[0]!.data },
        { name: 'notes.txt', data: Buffer.from('not an image') },
      ]);
      const first = start(starter(source, 'made'));
      await first.line((line) => line.startsWith('epoch 1:'), 'error');
      first.interrupt();
      const suspended = await first.outcome;
      expect(suspended.code, suspended.out).not.toBe(0);
      expect(suspended.error).toMatch(/starter-run is suspended at step [1-5]\./);
      expect(existsSync(path.join(folder, 'made'))).toBe(false);

      const { out, test } = await answer(answered, starter(source, 'made'));
      expect(out).toBe(path.join(folder, 'made'));
      expect(test?.n).toBe(12);
      expect(test?.top1).toBeGreaterThanOrEqual(0);
      expect(test?.loss).toBeGreaterThan(0);
      expect(readdirSync(out).sort()).toEqual([
        'README.md',
        'config.json',
        'labels.json',
        'model.safetensors',
        'preprocessor_config.json',
      ]);
      const unpacked = readdirSync(path.join(home, 'starter-images'), {
        recursive: true,
        encoding: 'utf8',
      });
      expect(unpacked.filter((name) => /\.\w+$/.test(name)).sort()).toEqual(
        images.map((image) => image.name).sort(),
      );
      const [trained] = await answer(v.array(run), ['runs', 'list', '--home', home]);
      expect(trained).toMatchObject({ name: 'starter-run', state: 'done', step: EPOCHS });
      const file = await SafetensorsFile.open(path.join(out, 'model.safetensors'));
      expect(file.tensors.get('pos_embed')?.shape).toEqual([1, 65, 192]);
      expect(file.tensors.get('head.weight')?.shape).toEqual([3, 192]);
      await file.close();
      const card = readFileSync(path.join(out, 'README.md'), 'utf8');
      expect(card).toContain(`Recipe: ${EPOCHS} epochs`);
      expect(card).toContain('of 12 test images');

      const added = await karst([...['backbone', 'add', out, '--name', 'own'], '--home', home]);
      expect(added.code, added.error).toBe(0);
    },
    PATIENCE,
  );

  it('says before the training that it would overwrite something', async () => {
    const said = await refusal(starter(path.join(folder, 'digits'), 'digits'));
    expect(said).toMatchObject({ code: 'name-taken', path: path.join(folder, 'digits') });
  });

  it.each<[string, () => string, string, RegExp]>([
    ['a missing file', () => path.join(folder, 'no.zip'), 'not-found', /There is nothing at/],
    [
      'a file that is no zip',
      () => {
        writeFileSync(path.join(folder, 'text.zip'), 'not a zip');
        return path.join(folder, 'text.zip');
      },
      'file-damaged',
      /cannot be read as a zip/,
    ],
    [
      'a zip that leaves its folder',
      () => zip('leaving.zip', [{ name: '../outside.png', data: images[0]!.data }]),
      'file-damaged',
      /\.\.\/outside\.png/,
    ],
    [
      'a zip without images',
      () => zip('words.zip', [{ name: 'notes.txt', data: Buffer.from('no image') }]),
      'format-unsupported',
      /words\.zip is not unpacked: it has no images/,
    ],
  ])('refuses %s and leaves nothing behind', async (_, source, code, sentence) => {
    const empty = path.join(folder, 'empty-home');
    const said = await refusal([
      ...['starter', '--home', empty, '--images', source(), '--out', path.join(folder, 'none')],
    ]);
    expect(said.code).toBe(code);
    expect(said.message).toMatch(sentence);
    expect(existsSync(path.join(folder, 'outside.png'))).toBe(false);
    expect(existsSync(path.join(folder, 'none'))).toBe(false);
    expect(existsSync(path.join(empty, 'starter-images'))).toBe(false);
  });
});
