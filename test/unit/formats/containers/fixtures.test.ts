import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openContainer } from '../../../../main/formats/containers/open.ts';
import { readAllFloat32, SafetensorsFile } from '../../../../main/formats/safetensors.ts';
import { FIXTURES } from './support.ts';

/** Files of make.py, the format that each is, and types and shapes as the libraries have them. */
const FILES = {
  'state.pt': 'torch',
  'protocol4.pt': 'torch',
  'wrapped.pth': 'torch',
  'plain.npz': 'npz',
  'packed.npz': 'npz',
  'model.safetensors.index.json': 'safetensors',
} as const;

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer)];

test.each(Object.entries(FILES))('%s is read bit for bit', async (file, format) => {
  const path = join(FIXTURES, 'expected.safetensors');
  const expected = await readAllFloat32(path);
  const header = await SafetensorsFile.open(path);
  await header.close();
  const names = [...expected.keys()].filter((name) => name.startsWith(`${file}:`));
  const container = await openContainer(join(FIXTURES, file));
  try {
    expect(container.format).toBe(format);
    expect([...container.tensors.keys()].map((name) => `${file}:${name}`).sort()).toEqual(
      names.sort(),
    );
    for (const name of names) {
      const own = name.slice(file.length + 1);
      expect(container.tensors.get(own)?.shape).toEqual(header.tensors.get(name)?.shape);
      expect(bits(await container.readFloat32(own))).toEqual(bits(expected.get(name)!));
      expect(await container.firstNotFinite(own)).toBe(null);
    }
  } finally {
    await container.close();
  }
});

test('types are those of the files', async () => {
  const types = async (file: string) => {
    const container = await openContainer(join(FIXTURES, file));
    await container.close();
    return Object.fromEntries([...container.tensors].map(([name, { dtype }]) => [name, dtype]));
  };
  expect(await types('state.pt')).toMatchObject({
    plain: 'F32',
    half: 'F16',
    bfloat: 'BF16',
    kept: 'I64',
  });
  expect(await types('packed.npz')).toMatchObject({
    fortran: 'F32',
    half: 'F16',
    bfloat: 'BF16',
    double: 'F64',
    step: 'I64',
    flags: 'BOOL',
  });
});
