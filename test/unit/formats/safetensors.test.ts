import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SafetensorsFile, writeSafetensors } from '../../../main/formats/safetensors.ts';

/** Written by the reference implementation (Python). */
const REFERENCE =
  'uAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoiw7wiLCJmb3JtYXQiOiJwdCJ9LCJ6Ijp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMCwyNF19LCJkIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMjQsMzJdfSwiZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbMzIsMzJdfSwicyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMzIsMzZdfSwiYS5iZiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzM2LDQ0XX0sImIuaGFsZiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbNF0sImRhdGFfb2Zmc2V0cyI6WzQ0LDUyXX0sInUiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzUyLDU1XX19ICAgIAAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAJqZmZmZmbk/AADAP4A/SUAAv5Z+ADwAwf97AQABAv8=';

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-safetensors-'));
  path = join(dir, 'model.safetensors');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true, force: true });
});

describe('reading', () => {
  test('reads what the reference implementation wrote', async () => {
    await writeFile(path, Buffer.from(REFERENCE, 'base64'));
    const opened = await SafetensorsFile.open(path);
    try {
      expect(Object.fromEntries(opened.metadata)).toEqual({ k: 'ü', format: 'pt' });
      expect([...opened.tensors.keys()]).toEqual(['z', 'd', 'e', 's', 'a.bf', 'b.half', 'u']);
      expect(opened.tensors.get('a.bf')).toEqual({
        name: 'a.bf',
        dtype: 'BF16',
        shape: [2, 2],
        begin: 36,
        end: 44,
      });
      expect([...(await opened.readFloat32('b.half'))]).toEqual([1, -2.5, 65504, 2 ** -24]);
      expect([...(await opened.readFloat32('a.bf'))]).toEqual([
        1,
        3.140625,
        -0.5,
        1.171875 * 2 ** 126,
      ]);
      expect([...(await opened.readFloat32('z'))]).toEqual([0, 1, 2]);
      expect([...(await opened.readFloat32('s'))]).toEqual([1.5]);
      expect([...(await opened.readFloat32('u'))]).toEqual([1, 2, 255]);
      expect([...(await opened.readFloat32('e'))]).toEqual([]);
      expect([...(await opened.readFloat32('d'))]).toEqual([Math.fround(0.1)]);
      expect([...(await opened.readBytes('u'))]).toEqual([1, 2, 255]);
      await expect(opened.readFloat32('missing')).rejects.toMatchObject({
        code: 'not-found',
        message: `${path} holds no tensor named missing.`,
      });
    } finally {
      await opened.close();
    }
  });

  test('a file that is cut after opening is told, not read as zeros', async () => {
    await writeSafetensors(path, [
      { name: 'a', dtype: 'F32', shape: [1000], data: new Float32Array(1000) },
    ]);
    const opened = await SafetensorsFile.open(path);
    await truncate(path, 500);
    await expect(opened.readFloat32('a')).rejects.toMatchObject({
      code: 'file-damaged',
      message: `${path} became shorter while it was read.`,
    });
    await opened.close();
  });

  test('an error of the disk names the file', async () => {
    await writeSafetensors(path, [{ name: 'a', dtype: 'U8', shape: [3], data: new Uint8Array(3) }]);
    const opened = await SafetensorsFile.open(path);
    const handle = await open(path);
    const prototype = Object.getPrototypeOf(handle) as { read: () => Promise<unknown> };
    await handle.close();
    vi.spyOn(prototype, 'read').mockRejectedValueOnce(
      Object.assign(new Error('EIO'), { code: 'EIO' }),
    );
    await expect(opened.readBytes('a')).rejects.toMatchObject({ code: 'not-readable', path });
    await opened.close();
  });
});

describe('writing', () => {
  const tensors = [
    { name: 'half', dtype: 'F16', shape: [2], data: Float32Array.of(1.0004, -3) },
    { name: 'b', dtype: 'F32', shape: [2, 1], data: Float64Array.of(0.1, 2) },
    { name: 'a', dtype: 'F32', shape: [], data: async () => Float32Array.of(7) },
    { name: 'brain', dtype: 'BF16', shape: [1], data: Float64Array.of(3.14159) },
    { name: 'wide', dtype: 'F64', shape: [1], data: Float32Array.of(0.5) },
    { name: 'bytes', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: 'none', dtype: 'F32', shape: [0, 3], data: new Float32Array(0) },
  ] as const;

  test('writes a canonical file: sorted, padded, the same for any order', async () => {
    await writeSafetensors(path, tensors, { z: '1', a: 'ü"' });
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(bytes.toString('utf8', 8, 8 + length).trimEnd()).toBe(
      '{"__metadata__":{"a":"ü\\"","z":"1"},' +
        '"wide":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
        '"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},' +
        '"b":{"dtype":"F32","shape":[2,1],"data_offsets":[12,20]},' +
        '"none":{"dtype":"F32","shape":[0,3],"data_offsets":[20,20]},' +
        '"brain":{"dtype":"BF16","shape":[1],"data_offsets":[20,22]},' +
        '"half":{"dtype":"F16","shape":[2],"data_offsets":[22,26]},' +
        '"bytes":{"dtype":"U8","shape":[3],"data_offsets":[26,29]}}',
    );
    const other = join(dir, 'other.safetensors');
    await writeSafetensors(other, [...tensors].reverse(), { a: 'ü"', z: '1' });
    expect(await readFile(other)).toEqual(bytes);

    const opened = await SafetensorsFile.open(path);
    expect([...(await opened.readFloat32('half'))]).toEqual([1, -3]);
    expect([...(await opened.readFloat32('b'))]).toEqual([Math.fround(0.1), 2]);
    expect([...(await opened.readFloat32('a'))]).toEqual([7]);
    expect([...(await opened.readFloat32('brain'))]).toEqual([3.140625]);
    expect([...(await opened.readFloat32('wide'))]).toEqual([0.5]);
    expect([...(await opened.readBytes('bytes'))]).toEqual([1, 2, 3]);
    expect(opened.metadata.get('a')).toBe('ü"');
    await opened.close();
  });

  test('tensors larger than a piece survive in every float type', async () => {
    const n = 9_000_001;
    const values = Float32Array.from({ length: n }, (_, i) => (i % 2048) - 1024);
    await writeSafetensors(path, [
      { name: 'f16', dtype: 'F16', shape: [n], data: values },
      { name: 'f32', dtype: 'F32', shape: [n], data: values },
    ]);
    const opened = await SafetensorsFile.open(path);
    for (const name of ['f16', 'f32']) {
      const read = await opened.readFloat32(name);
      expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(values.buffer))).toBe(0);
    }
    await opened.close();
  });

  test('asks for one tensor at a time, in storage order', async () => {
    const asked: string[] = [];
    const lazy = (name: string) => ({
      name,
      dtype: 'F32' as const,
      shape: [1],
      data: async () => {
        asked.push(name);
        return Float32Array.of(1);
      },
    });
    await writeSafetensors(path, [lazy('c'), lazy('a'), lazy('b')]);
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  test('a fault half-way leaves the old file and nothing else', async () => {
    await writeFile(path, 'old');
    const bad = { name: 'z', dtype: 'F32' as const, shape: [2], data: Float32Array.of(1) };
    await expect(writeSafetensors(path, [...tensors, bad])).rejects.toMatchObject({
      code: 'internal',
      message: `Cannot write ${path}: the tensor z has 1 elements instead of 2.`,
    });
    const lost = { ...bad, data: () => Promise.reject(new Error('gone')) };
    await expect(writeSafetensors(path, [...tensors, lost])).rejects.toThrow('gone');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['model.safetensors']);
  });

  test.each([
    ['two of a name', [{ name: 'a' }, { name: 'a' }]],
    ['a reserved name', [{ name: '__metadata__' }]],
    ['a negative size', [{ name: 'a', shape: [-1] }]],
    ['floats for integers', [{ name: 'a', dtype: 'I32' as const }]],
  ])('refuses %s', async (_name, list) => {
    const full = list.map((t) => ({
      dtype: 'F32' as const,
      shape: [1],
      data: Float32Array.of(1),
      ...t,
    }));
    await expect(writeSafetensors(path, full)).rejects.toMatchObject({ code: 'internal' });
    expect(await readdir(dir)).toEqual([]);
  });
});
