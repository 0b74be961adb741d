import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBackbone } from '../../../main/engine/backbone/load.ts';
import { Checkpoint } from '../../../main/formats/checkpoints/checkpoint.ts';
import { writeSafetensors, type TensorDtype } from '../../../main/formats/safetensors.ts';
import { inspectBackbone } from '../../../main/host/services/backbones/inspection.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import { ARCHITECTURE, PREPROCESSING, refusal } from '../host/support.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'karst-backbone-'));
  path = join(folder, 'model.safetensors');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Writes a small backbone with distinct values; optionally replaces one of them and renames
 * tensors.
 */
async function write(
  rename: (name: string) => readonly string[] = (name) => [name],
  bad: { dtype?: TensorDtype; tensor?: string; value?: number } = {},
): Promise<void> {
  const tensors = [...tensorShapes(ARCHITECTURE)].flatMap(([name, shape], n) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => n + i / 64);
    if (name === bad.tensor) data[3] = bad.value ?? Number.NaN;
    return rename(name).map((given) => ({ name: given, shape, data, dtype: bad.dtype ?? 'F32' }));
  });
  await writeSafetensors(path, tensors);
}

const reference = () => ({
  ...{ path, sha256: 'a'.repeat(64), name: 'b' },
  ...{ architecture: ARCHITECTURE, preprocessing: PREPROCESSING },
});

describe('a prefix before every tensor name', () => {
  it.each([
    'module.',
    '_orig_mod.',
    'backbone.',
    'model.',
    'visual.trunk.',
    'module._orig_mod.backbone.',
    'teacher.',
  ])('%s comes off, for the library and for the engine', async (prefix) => {
    await write();
    const plain = await loadBackbone(reference(), ARCHITECTURE);
    await write((name) => [prefix + name]);
    expect(await inspectBackbone(path, { heads: 3 })).toMatchObject({
      architecture: ARCHITECTURE,
      tensorPrefix: prefix,
    });
    expect(await loadBackbone(reference(), ARCHITECTURE)).toEqual(plain);
  });

  it('is empty in a plain file', async () => {
    await write();
    expect((await inspectBackbone(path, { heads: 3 })).tensorPrefix).toBe('');
  });

  it('is not guessed where there are two models in one file', async () => {
    await write((name) => [`student.${name}`, `teacher.${name}`]);
    const { message, hint } = await refusal(Checkpoint.open(path), 'format-unsupported');
    expect(message).toBe(
      `${path}: it holds several models, whose tensor names begin with "student.", "teacher.".`,
    );
    expect(hint).toContain('a file that holds one model');
    await write((name) => [name, `ema.${name}`]);
    expect((await refusal(Checkpoint.open(path), 'format-unsupported')).message).toContain(
      'begin with "ema.", no prefix',
    );
  });

  it('is not taken off where it stands before some names only', async () => {
    await write((name) => [name.startsWith('head.') ? name : `backbone.${name}`]);
    expect((await refusal(Checkpoint.open(path), 'format-unsupported')).message).toBe(
      `${path}: its vision transformer's tensor names begin with "backbone.", but there are others: head.bias, head.weight.`,
    );
  });
});

describe('weights that are not finite', () => {
  const tensor = 'blocks.1.mlp.fc1.weight';

  it.each([
    ['F32', Number.NaN],
    ['F32', Number.NEGATIVE_INFINITY],
    ['F16', Number.NaN],
    ['F16', Number.POSITIVE_INFINITY],
    ['BF16', Number.NaN],
    ['BF16', Number.NEGATIVE_INFINITY],
    ['F16', 1e6],
  ] as const)('are named when a backbone is added: %s with %d', async (dtype, value) => {
    await write((name) => [`module.${name}`], { dtype, tensor, value });
    const stored = value === 1e6 ? 'Infinity' : String(value);
    const sentence = `${path}: the tensor ${tensor} holds ${stored} at position 3; it cannot be used.`;
    expect((await refusal(inspectBackbone(path, { heads: 3 }), 'file-damaged')).message).toBe(
      sentence,
    );
    // A backbone imported by an earlier version, which did not check this.
    expect((await refusal(loadBackbone(reference(), ARCHITECTURE), 'file-damaged')).message).toBe(
      sentence,
    );
  });

  it.each(['F32', 'F16', 'BF16'] as const)(
    'are named in the head of a backbone in %s, too, by which it can be tried',
    async (dtype) => {
      await write((name) => [name], { dtype, tensor: 'head.weight' });
      const { message } = await refusal(inspectBackbone(path, { heads: 3 }), 'file-damaged');
      expect(message).toContain('the tensor head.weight holds NaN at position 3');
    },
  );

  it.each(['F32', 'F16', 'BF16'] as const)('are not seen in finite %s', async (dtype) => {
    await write((name) => [name], {
      dtype,
      tensor,
      value: dtype === 'F16' ? 65504 : 3.3895e38,
    });
    expect((await inspectBackbone(path, { heads: 3 })).dtype).toBe(dtype);
  });
});
