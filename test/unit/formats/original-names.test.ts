import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpoint } from '../../../main/formats/checkpoints/checkpoint.ts';
import {
  readAllFloat32,
  SafetensorsFile,
  writeSafetensors,
} from '../../../main/formats/safetensors.ts';
import { inspectBackbone } from '../../../main/host/services/backbones/inspection.ts';

const FIXTURES = 'test/fixtures/backbones';

interface Stored {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
type Tensors = ReadonlyMap<string, Stored>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'karst-original-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function fixture(name: string): Promise<Tensors> {
  const path = `${FIXTURES}/${name}/model.safetensors`;
  const file = await SafetensorsFile.open(path);
  const values = await readAllFloat32(path);
  await file.close();
  return new Map(
    [...file.tensors].map(([tensor, { shape }]) => [
      tensor,
      { shape, data: values.get(tensor) ?? new Float32Array() },
    ]),
  );
}

/** Everything that a training needs of the weights at `path`, the head too. */
async function read(path: string) {
  const found = await inspectBackbone(path, { heads: 2 });
  const checkpoint = await Checkpoint.open(path);
  const values = new Map<string, Float32Array>();
  for (const name of checkpoint.tensors.keys())
    values.set(name, await checkpoint.readFloat32(name));
  await checkpoint.close();
  return { source: found.source, architecture: found.architecture, values };
}

/** The fixture of timm's, and the same weights under the names that its authors gave them. */
async function both(name: string, original: (tensors: Tensors) => Tensors) {
  const path = join(folder, 'original.safetensors');
  const tensors = await fixture(name);
  await writeSafetensors(
    path,
    [...original(tensors)].map(([tensor, stored]) => ({ name: tensor, dtype: 'F32', ...stored })),
  );
  return {
    original: await read(path),
    timm: await read(`${FIXTURES}/${name}/model.safetensors`),
  };
}

const renamed = (tensors: Tensors, rename: (name: string) => string): Map<string, Stored> =>
  new Map([...tensors].map(([name, stored]) => [rename(name), stored]));

/** timm's names of DINOv3 as Meta has them, with what only its files have. */
function dinov3(tensors: Tensors): Tensors {
  const SPLIT = [
    ['mlp.fc1_g', 'mlp.w1'],
    ['mlp.fc1_x', 'mlp.w2'],
    ...(tensors.has('blocks.0.mlp.fc1_g.weight') ? [['mlp.fc2', 'mlp.w3']] : []),
  ] as const;
  const meta = renamed(tensors, (name) =>
    SPLIT.reduce((said, [from = '', to = '']) => said.replace(from, to), name)
      .replace('reg_token', 'storage_tokens')
      .replace(/gamma_(\d)$/, 'ls$1.gamma'),
  );
  meta.set('mask_token', { shape: [1, 16], data: new Float32Array(16) });
  meta.set('rope_embed.periods', { shape: [2], data: new Float32Array([1, 10]) });
  for (const block of [0, 1]) {
    const at = `blocks.${String(block)}.attn`;
    const [q, v] = ['q', 'v'].map((part) => meta.get(`${at}.${part}_bias`)?.data);
    if (q === undefined || v === undefined) continue;
    for (const part of ['q', 'v']) meta.delete(`${at}.${part}_bias`);
    const width = q.length;
    // What stands in the middle is masked: keys have no bias.
    const data = new Float32Array(3 * width).fill(7);
    data.set(q);
    data.set(v, 2 * width);
    const mask = new Float32Array(3 * width).map((_, n) => Number(n < width || n >= 2 * width));
    meta.set(`${at}.qkv.bias`, { shape: [3 * width], data });
    meta.set(`${at}.qkv.bias_mask`, { shape: [3 * width], data: mask });
  }
  return meta;
}

describe('weights under their authors’ names', () => {
  it('are those of timm’s DeiT-III', async () => {
    const { original, timm } = await both('timm-deit3', (tensors) =>
      renamed(tensors, (name) => name.replace(/ls(\d)\.gamma$/, 'gamma_$1')),
    );
    expect(original.source).toBe('original');
    expect(original.architecture).toEqual(timm.architecture);
    expect(original.values).toEqual(timm.values);
  });

  it.each(['timm-dinov3-qkvb', 'timm-dinov3-plus'])(
    'are those of timm’s DINOv3, with a masked bias or a split gate: %s',
    async (name) => {
      const { original, timm } = await both(name, dinov3);
      expect(original.source).toBe('original');
      // Files of rotary positions do not say the size; timm's configuration does, and how it pools.
      const { imageSize, pool } = timm.architecture as { imageSize: number; pool?: string };
      expect({ ...original.architecture, imageSize, pool }).toEqual(timm.architecture);
      expect(original.values).toEqual(timm.values);
    },
  );
});
