import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-safetensors-'));
  path = join(dir, 'model.safetensors');
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function file(header: string | Buffer, data: number, length?: bigint): Buffer {
  const json = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([size, json, Buffer.alloc(data)]);
}

async function refusal(bytes: Buffer | string): Promise<KarstError> {
  await writeFile(path, bytes);
  const error = await SafetensorsFile.open(path).then(
    async (opened) => (await opened.close(), null),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(KarstError);
  const refused = error as KarstError;
  expect(refused.path).toBe(path);
  expect(refused.message.startsWith(`${path} `)).toBe(true);
  expect(refused.hint).not.toBe('');
  return refused;
}

describe('hostile and damaged files', () => {
  const tensor = (fields: string) => `{"a":{${fields}}}`;
  const f32 = (shape: string, offsets: string) =>
    tensor(`"dtype":"F32","shape":${shape},"data_offsets":${offsets}`);

  test.each<[string, Buffer, string, string]>([
    ['empty', Buffer.alloc(0), 'file-damaged', 'is empty'],
    ['too short', Buffer.from([1, 2, 3]), 'file-damaged', 'has only 3 bytes'],
    ['random bytes', Buffer.alloc(100, 0x41), 'format-unknown', 'is not a safetensors file'],
    ['no brace', file('[1,2]', 0), 'format-unknown', 'is not a safetensors file'],
    [
      'a length beyond 2^53',
      file('{}', 0, 2n ** 60n),
      'file-damaged',
      'names a header of 1152921504606846976 bytes; the format allows 100,000,000',
    ],
    [
      'a length of 2^64-1',
      file('{}', 0, 2n ** 64n - 1n),
      'file-damaged',
      'names a header of 18446744073709551615 bytes',
    ],
    [
      'a length over the cap',
      file('{}', 0, 100_000_001n),
      'file-damaged',
      'names a header of 100000001 bytes',
    ],
    [
      'a length over the file',
      file('{}', 0, 3n),
      'file-damaged',
      'is cut off: its header should have 3 bytes, the file has 10',
    ],
    [
      'broken JSON',
      file('{"a":', 0),
      'file-damaged',
      'has a header that ends in the middle of its JSON',
    ],
    [
      'wrong UTF-8',
      file(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 0),
      'file-damaged',
      'has a header that is not valid UTF-8',
    ],
    [
      'duplicate names',
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        1,
      ),
      'file-damaged',
      'has a header that has the key "a" twice',
    ],
    [
      '__proto__',
      file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
      'file-damaged',
      'has a header that has the key "__proto__"',
    ],
    [
      'metadata of numbers',
      file('{"__metadata__":{"k":1}}', 0),
      'file-damaged',
      'has the metadata entry "k", which is not text',
    ],
    [
      'metadata as a list',
      file('{"__metadata__":[]}', 0),
      'file-damaged',
      'has metadata that is not a JSON object',
    ],
    [
      'a tensor that is a number',
      file('{"a":1}', 0),
      'file-damaged',
      'describes the tensor "a" by something else than an object',
    ],
    [
      'an unknown field',
      file(tensor('"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1'), 1),
      'file-damaged',
      'describes the tensor "a" with the unknown field "x"',
    ],
    [
      'no type',
      file(tensor('"shape":[1],"data_offsets":[0,1]'), 1),
      'file-damaged',
      'names no type for the tensor "a"',
    ],
    [
      'an unknown type',
      file(tensor('"dtype":"F31","shape":[1],"data_offsets":[0,4]'), 4),
      'format-unknown',
      'gives the tensor "a" the unknown type "F31"',
    ],
    [
      'a type from the prototype',
      file(tensor('"dtype":"constructor","shape":[1],"data_offsets":[0,4]'), 4),
      'format-unknown',
      'the unknown type "constructor"',
    ],
    [
      'an 8-bit float',
      file(tensor('"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]'), 1),
      'format-unsupported',
      'holds the tensor "a" as F8_E4M3, which is not supported',
    ],
    [
      'a negative size',
      file(f32('[-1]', '[0,4]'), 4),
      'file-damaged',
      'a shape that is not a list of sizes',
    ],
    [
      'a fractional size',
      file(f32('[0.5]', '[0,2]'), 2),
      'file-damaged',
      'a shape that is not a list of sizes',
    ],
    [
      'no shape',
      file(tensor('"dtype":"F32","data_offsets":[0,4]'), 4),
      'file-damaged',
      'a shape that is not a list of sizes',
    ],
    [
      'a product that overflows',
      file(f32('[4294967296,4294967296]', '[0,4]'), 4),
      'file-damaged',
      'which is too large to exist',
    ],
    [
      'a product that overflows to 0',
      file(f32('[9007199254740991,9007199254740991,0]', '[0,0]'), 0),
      'file-damaged',
      'which is too large to exist',
    ],
    [
      'three offsets',
      file(f32('[1]', '[0,4,4]'), 4),
      'file-damaged',
      'offsets that are not two whole numbers',
    ],
    [
      'an offset of 2^53',
      file(f32('[1]', '[9007199254740992,9007199254740996]'), 4),
      'file-damaged',
      'offsets that are not two whole numbers',
    ],
    [
      'offsets that go back',
      file(f32('[1]', '[4,0]'), 4),
      'file-damaged',
      'an end before its beginning',
    ],
    [
      'bytes that do not fit the shape',
      file(f32('[2]', '[0,4]'), 4),
      'file-damaged',
      'gives the tensor "a" 4 bytes where F32 [2] needs 8',
    ],
    [
      'data that are cut off',
      file(f32('[2]', '[0,8]'), 5),
      'file-damaged',
      'is cut off: the tensor "a" should end at byte 8 of the data, which has 5',
    ],
    [
      'bytes after the last tensor',
      file(f32('[1]', '[0,4]'), 6),
      'file-damaged',
      'has 2 bytes at its end that belong to no tensor',
    ],
    [
      'bytes before the first tensor',
      file(f32('[1]', '[2,6]'), 6),
      'file-damaged',
      'has 2 bytes between the beginning of the data and "a"',
    ],
    [
      'overlap',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        6,
      ),
      'file-damaged',
      'has tensors that overlap: "a" and "b"',
    ],
    [
      'two names for the same bytes',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        4,
      ),
      'file-damaged',
      'has tensors that overlap',
    ],
    [
      'a hole',
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}',
        4,
      ),
      'file-damaged',
      'has 2 bytes between "a" and "b" that belong to no tensor',
    ],
    [
      'an empty tensor inside another',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}',
        4,
      ),
      'file-damaged',
      'has tensors that overlap: "a" and "b"',
    ],
    [
      'data without tensors',
      file('{}', 1),
      'file-damaged',
      'has 1 bytes at its end that belong to no tensor',
    ],
  ])('%s', async (_name, bytes, code, words) => {
    const error = await refusal(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test('a header of more than the cap is not even read', async () => {
    const sparse = file('{}', 0, 100_000_001n);
    await writeFile(path, sparse);
    await truncate(path, 200_000_000);
    await expect(SafetensorsFile.open(path)).rejects.toMatchObject({ code: 'file-damaged' });
  });

  test('empty tensors on a boundary and a file without tensors are taken', async () => {
    await writeFile(
      path,
      file(
        '{"z":{"dtype":"F32","shape":[0,7],"data_offsets":[1,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        3,
      ),
    );
    const opened = await SafetensorsFile.open(path);
    expect([...opened.tensors.keys()]).toEqual(['z', 'a', 'b']);
    await opened.close();
    await writeFile(path, file('{}', 0));
    await (await SafetensorsFile.open(path)).close();
  });

  test.each<[string, Buffer, string, string]>([
    [
      'a torch.save of old',
      Buffer.concat([
        Buffer.from('80028a0a6cfc9c46f9206aa850192e80024de9032e', 'hex'),
        Buffer.alloc(100),
      ]),
      'is a PyTorch checkpoint of the form before version 1.6',
      'torch.save(torch.load',
    ],
    [
      'a plain pickle',
      Buffer.concat([Buffer.from('800495', 'hex'), Buffer.alloc(100)]),
      'a pickle that is not in a zip',
      'weights_only=True',
    ],
    [
      'an npy',
      Buffer.concat([Buffer.from('\u0093NUMPY\u0001\0', 'latin1'), Buffer.alloc(100)]),
      'is a single NumPy array',
      '.npz',
    ],
    [
      'an ONNX model',
      Buffer.concat([
        Buffer.from([0x08, 0x07, 0x12, 0x07]),
        Buffer.from('pytorch'),
        Buffer.alloc(100),
      ]),
      'is an ONNX model',
      'save_file',
    ],
    [
      'an HDF5 file',
      Buffer.concat([Buffer.from('\u0089HDF\r\n\u001a\n', 'latin1'), Buffer.alloc(100)]),
      'is an HDF5 file',
      'save_file',
    ],
    [
      'a GGUF file',
      Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(100)]),
      'is a GGUF file',
      'vision',
    ],
    [
      'a gzip file',
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(100)]),
      'is compressed by gzip',
      'Unpack',
    ],
    [
      'a JSON file',
      Buffer.from('{"architectures": ["ViT"]}'),
      'is a JSON file, not weights',
      'folder',
    ],
  ])('%s is recognised, with the way to convert it', async (_name, bytes, what, hint) => {
    const error = await refusal(bytes);
    expect(error.code).toBe('format-unsupported');
    expect(error.message).toContain(what);
    expect(error.hint).toContain(hint);
  });

  test.each([
    [
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n',
      'is only a Git LFS pointer',
    ],
    ['<!DOCTYPE html><html>404</html>', 'is a web page'],
  ])('what was not really downloaded is told: %s', async (text, what) => {
    const error = await refusal(text);
    expect(error.code).toBe('file-damaged');
    expect(error.message).toContain(what);
  });

  test('a folder and a missing file', async () => {
    await expect(SafetensorsFile.open(dir)).rejects.toMatchObject({ code: 'not-readable' });
    await expect(SafetensorsFile.open(path)).rejects.toMatchObject({ code: 'not-found' });
  });
});
