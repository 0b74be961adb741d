import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { answer, karst, start } from '../../integration/cli/karst.ts';
import { run } from '../../integration/cli/schemas.ts';
import { starterPlace, type StarterPlace } from '../../integration/cli/starter-place.ts';

/** Few epochs: with the starter's own architecture and 36 images, a step takes about a second. */
const EPOCHS = 6;
const answered = v.strictObject({
  out: v.string(),
  test: v.nullable(v.strictObject({ n: v.number(), top1: v.number(), loss: v.number() })),
});

let place: StarterPlace;
beforeAll(async () => {
  place = await starterPlace();
});
afterAll(() => place.remove());

describe('karst starter', () => {
  it('makes a backbone of a zip, interrupted and called again, that can be trained on', async () => {
    const { folder, home, images } = place;
    expect(images).toHaveLength(48);
    const source = place.zip('digits.zip', [
      ...images,
      { name: 'train/0/link.png', data: Buffer.from('/etc/hostname'), mode: 0o120777 },
      { name: 'train/0/.hidden.png', data: images[0]!.data },
      { name: 'notes.txt', data: Buffer.from('not an image') },
    ]);
    const first = start(place.starter(source, 'made', '--epochs', String(EPOCHS)));
    await first.line((line) => line.startsWith('epoch 1:'), 'error');
    first.interrupt();
    const suspended = await first.outcome;
    expect(suspended.code, suspended.out).not.toBe(0);
    expect(suspended.error).toMatch(/starter-run is interrupted at step [1-5]\./);
    expect(existsSync(path.join(folder, 'made'))).toBe(false);

    const { out, test } = await answer(answered, place.starter(source, 'made'));
    expect(out).toBe(path.join(folder, 'made'));
    expect(test?.n).toBe(12);
    expect(test?.top1).toBeGreaterThanOrEqual(0);
    expect(test?.loss).toBeGreaterThan(0);
    expect(readdirSync(out).sort()).toEqual([
      'README.md',
      'config.json',
      'labels.json',
      'labels.txt',
      'model.safetensors',
      'preprocessing.json',
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
  });
});
