import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openContainer } from '../../../../main/formats/containers/open.ts';
import { writeSafetensors } from '../../../../main/formats/safetensors.ts';
import { temporaryFolder } from '../../host/support.ts';
import { checkpoint, contentOf, dictionary, tensor } from './support.ts';

const FIRST = 'model-00001-of-00002.safetensors';
const SECOND = 'model-00002-of-00002.safetensors';

/** `a` in the first shard, `b` in the second, and an index that says where they are. */
async function sharded(map: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = temporaryFolder();
  const tensor = (name: string, value: number) => ({
    name,
    dtype: 'F32' as const,
    shape: [1],
    data: Float32Array.of(value),
  });
  await writeSafetensors(join(folder, FIRST), [tensor('a', 1)]);
  await writeSafetensors(join(folder, SECOND), [tensor('b', 2)]);
  const index = join(folder, 'model.safetensors.index.json');
  writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: map }));
  return index;
}

test('tensors come from the shard that holds them', async () => {
  const index = await sharded({ b: SECOND, a: FIRST });
  expect((await contentOf(index)).values).toEqual({ b: [2], a: [1] });
  const container = await openContainer(index);
  expect(container.files.map((file) => file.split(/[/\\]/).at(-1))).toEqual([FIRST, SECOND]);
  expect(container.path).toBe(index);
  await container.close();
});

test('shards may be checkpoints of PyTorch', async () => {
  const folder = temporaryFolder();
  const shard = 'pytorch_model-00001-of-00001.bin';
  writeFileSync(join(folder, shard), checkpoint(dictionary(tensor())));
  const index = join(folder, 'pytorch_model.bin.index.json');
  writeFileSync(index, JSON.stringify({ weight_map: { a: shard } }));
  expect((await contentOf(index)).values).toEqual({ a: [1, 2, 3, 4] });
});

test.each([
  ['without its map', '{"metadata": {}}', 'has a weight_map that is not a JSON object'],
  ['that is cut off', '{"weight_map": {"a"', 'index.json'],
  ['that is empty', '', 'index.json'],
])('an index %s is called one, and what to do', async (_, text, sentence) => {
  const index = await sharded({ a: FIRST, b: SECOND });
  writeFileSync(index, text);
  await expect(contentOf(index)).rejects.toMatchObject({
    code: 'file-damaged',
    message: expect.stringContaining(sentence) as string,
    hint: 'Download the index and all shards again, into one folder.',
  });
});

test('a shard that is missing is named', async () => {
  const index = await sharded({ a: FIRST, b: SECOND });
  rmSync(join(index, '..', SECOND));
  await expect(contentOf(index)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(SECOND) as string,
  });
});

describe('an index that does not fit its shards', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      'a tensor that is not there',
      { a: FIRST, b: SECOND, c: FIRST },
      `says that ${FIRST} holds the tensor c, which it does not`,
    ],
    ['the wrong shard', { a: FIRST, b: FIRST }, `says that ${FIRST} holds the tensor b`],
    [
      'a tensor that is not named',
      { a: FIRST, c: SECOND },
      `says that ${SECOND} holds the tensor c`,
    ],
    ['a folder above', { a: `../${FIRST}` }, 'it must be the name of a file in the same folder'],
    ['a folder below', { a: `sub/${FIRST}` }, 'it must be the name of a file in the same folder'],
    ['another drive', { a: 'c:model.safetensors' }, 'it must be the name of a file'],
    ['the folder itself', { a: '..' }, 'it must be the name of a file'],
    ['a number', { a: 1 }, 'names 1 as the file of the tensor "a"'],
    ['nothing', {}, 'names no shards'],
  ])('%s', async (_, map, sentence) => {
    await expect(contentOf(await sharded(map))).rejects.toMatchObject({
      code: 'file-damaged',
      message: expect.stringContaining(sentence) as string,
    });
  });

  test('a tensor in two shards', async () => {
    const index = await sharded({ a: FIRST, b: SECOND });
    await writeSafetensors(join(index, '..', SECOND), [
      { name: 'a', dtype: 'U8', shape: [1], data: new Uint8Array(1) },
      { name: 'b', dtype: 'U8', shape: [1], data: new Uint8Array(1) },
    ]);
    await expect(contentOf(index)).rejects.toMatchObject({
      message: expect.stringContaining(
        `has the tensor a in ${FIRST}, and ${SECOND} holds one`,
      ) as string,
    });
  });

  test('a tensor that the index leaves out', async () => {
    const index = await sharded({ a: FIRST });
    copyFileSync(join(index, '..', SECOND), join(index, '..', FIRST));
    await expect(contentOf(index)).rejects.toMatchObject({ code: 'file-damaged' });
  });

  test('an index among the shards', async () => {
    const index = await sharded({ a: 'model.safetensors.index.json' });
    await expect(contentOf(index)).rejects.toMatchObject({ code: 'format-unsupported' });
  });

  test('JSON that is cut off', async () => {
    const index = await sharded({ a: FIRST });
    writeFileSync(index, '{"weight_map": {"a": ');
    await expect(contentOf(index)).rejects.toMatchObject({
      message: expect.stringContaining('ends in the middle of its JSON') as string,
    });
  });
});
