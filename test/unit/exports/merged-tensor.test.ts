import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Exporter } from '../../../main/exports/exporter.ts';
import { exporterOf } from '../../../main/exports/registry.ts';
import type { ModelFormat } from '../../../shared/domain/export-target.ts';
import { modelOf } from '../../fixtures/exported-model.ts';
import { TINY_VIT } from '../../fixtures/tiny-backbone.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karst-merged-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(['timm', 'hf', 'savedmodel'] as const)(
  'a tensor that the merged model lacks is no empty one in a file for %s',
  async (format) => {
    const model = modelOf(TINY_VIT);
    const tensors = new Map(model.tensors);
    tensors.delete('blocks.1.mlp.fc2.bias');
    const exporter: Exporter = exporterOf<ModelFormat>(format);
    const out = await mkdtemp(join(folder, format));
    await expect(exporter.write({ ...model, tensors }, {}, out)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('blocks.1.mlp.fc2.bias') as string,
    });
  },
);
