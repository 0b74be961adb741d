import { describe, expect, it } from 'vitest';
import { timmConfigOf } from '../../../main/exports/timm/config.ts';
import { recogniseBackbone } from '../../../main/formats/checkpoints/registry.ts';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import { ARCHITECTURE, PREPROCESSING } from '../host/support.ts';

interface Written {
  readonly architecture: string;
  readonly label_names?: readonly string[];
  readonly model_args: Readonly<Record<string, number>>;
  readonly pretrained_cfg: Readonly<Record<string, unknown>>;
}

const written = (a: VitArchitecture, labels?: readonly string[]): Written =>
  timmConfigOf(a, PREPROCESSING, labels) as unknown as Written;

const BASE: VitArchitecture = {
  ...ARCHITECTURE,
  ...{ imageSize: 32, patchSize: 16, width: 768, depth: 1, heads: 12, mlpDim: 3072 },
};

describe('the config.json of a merged model', () => {
  it.each([
    [192, 'vit_tiny_patch16_224'],
    [384, 'vit_small_patch16_224'],
    [768, 'vit_base_patch16_224'],
    [1024, 'vit_large_patch16_224'],
    [12, 'vit_base_patch16_224'],
  ])('of width %i is built as %s, which timm has registered', (width, name) => {
    expect(written({ ...BASE, width, heads: 1 }).architecture).toBe(name);
  });

  it('says every number of the network, its classes and its preprocessing', () => {
    const json = written(ARCHITECTURE, ['a', 'b', 'c', 'd', 'e']);
    expect(json.label_names).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(json.model_args).toEqual({
      ...{ img_size: 16, patch_size: 8, embed_dim: 12, depth: 2, num_heads: 3, mlp_ratio: 2 },
      qkv_bias: true,
    });
    expect(json.pretrained_cfg).toMatchObject({
      ...{ input_size: [3, 16, 16], fixed_input_size: true, num_classes: 5, crop_pct: 0.875 },
      ...{ crop_mode: 'center', interpolation: 'bicubic', mean: [0.5, 0.5, 0.5] },
    });
  });

  it('gives timm back the width of the MLP, whatever the rounding', () => {
    for (let width = 1; width <= 1024; width += 7)
      for (const mlpDim of [width * 4, width * 4 + 1, 1001, 4303, 5119, 3 * width - 1]) {
        const { mlp_ratio: ratio = 0 } = written({ ...BASE, width, mlpDim }).model_args;
        expect(Math.trunc(width * ratio), `${width}, ${mlpDim}`).toBe(mlpDim);
      }
  });

  it('is read back as the same model, by its numbers and not by its name', () => {
    for (const [a, name] of [
      [ARCHITECTURE, null],
      [BASE, 'vit_base_patch16_224'],
    ] as const) {
      const config = parseModelConfig(written(a), 'c');
      const tensors = new Map(
        [...tensorShapes(a)].map(([tensor, shape]) => [tensor, { dtype: 'F32' as const, shape }]),
      );
      expect(recogniseBackbone('x', translateNames('x', tensors), { config })).toMatchObject({
        architecture: a,
        preprocessing: { ...PREPROCESSING, imageSize: a.imageSize },
        headsFrom: 'config.json',
        timmName: name,
      });
    }
  });
});
