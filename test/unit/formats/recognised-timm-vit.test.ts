import { describe, expect, it } from 'vitest';
import { timmConfigOf } from '../../../main/exports/timm/config.ts';
import type { CheckpointSources, TensorTable } from '../../../main/formats/checkpoints/family.ts';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import {
  recogniseBackbone as recogniseNames,
  type RecognisedBackbone,
} from '../../../main/formats/checkpoints/registry.ts';
import { parseTimmConfig } from '../../../main/formats/checkpoints/timm-config.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';
import { parameterCount, type Architecture } from '../../../shared/models/registry.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import { ARCHITECTURE, PREPROCESSING } from '../host/support.ts';

const table = (
  a: Architecture,
  change: (shapes: Map<string, readonly number[]>) => void = () => undefined,
): TensorTable => {
  const shapes = tensorShapes(a);
  change(shapes);
  return new Map([...shapes].map(([name, shape]) => [name, { dtype: 'F32' as const, shape }]));
};
const recogniseBackbone = (
  path: string,
  names: TensorTable,
  sources?: CheckpointSources,
): RecognisedBackbone => recogniseNames(path, translateNames(path, names), sources);
const TINY: VitArchitecture = {
  ...ARCHITECTURE,
  imageSize: 224,
  patchSize: 16,
  width: 192,
  depth: 12,
  heads: 3,
  mlpDim: 768,
  classes: 1000,
};
const count = (shapes: ReadonlyMap<string, readonly number[]>): number =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('shapes', () => {
  it('add up to the known size of ViT-B/16', () => {
    const base: VitArchitecture = { ...TINY, width: 768, heads: 12, mlpDim: 3072 };
    expect(count(tensorShapes(base))).toBe(parameterCount(base));
    expect(parameterCount(base)).toBe(86_567_656);
  });
});

describe('recognising a timm ViT', () => {
  it('reads everything but the heads from names and shapes', () => {
    expect(recogniseBackbone('x', table(TINY))).toMatchObject({
      architecture: TINY,
      headsFrom: 'default',
      preprocessingFrom: 'default',
      preprocessing: {
        imageSize: 224,
        interpolation: 'bicubic',
        cropFraction: 0.9,
        mean: [0.5, 0.5, 0.5],
      },
      dtype: 'F32',
    });
    const bare = { ...TINY, qkvBias: false, classes: 0, depth: 1 };
    expect(recogniseBackbone('x', table(bare)).architecture).toEqual(bare);
  });

  it('takes the heads from the option, config.json, metadata or the width, and says which', () => {
    const named = parseModelConfig(
      { architecture: 'vit_tiny_patch16_224.augreg_in21k', num_classes: 1000 },
      'c',
    );
    const counted = parseModelConfig({ architecture: 'x', model_args: { num_heads: 6 } }, 'c');
    const from = (sources: object): [unknown, string] => {
      const { architecture, headsFrom } = recogniseBackbone('x', table(TINY), sources);
      return [architecture.heads, headsFrom];
    };
    expect(from({ config: named })).toEqual([3, 'config.json']);
    expect(from({ config: counted })).toEqual([6, 'config.json']);
    expect(from({ metadata: counted })).toEqual([6, 'metadata']);
    expect(from({ option: { heads: 12 }, config: counted })).toEqual([12, 'option']);
    expect(() => from({ option: { heads: 5 } })).toThrow(
      '5 attention heads do not divide the width 192 (said by you)',
    );
    expect(() => recogniseBackbone('x', table(ARCHITECTURE))).toThrow(
      'cannot be inferred from the width 12',
    );
  });

  it('takes the preprocessing from timm, in both of its layouts', () => {
    const json = { ...timmConfigOf(ARCHITECTURE, PREPROCESSING), architecture: 'n' };
    const nested = parseModelConfig(json, 'c');
    const found = recogniseBackbone('x', table(ARCHITECTURE), { config: nested });
    expect(found).toMatchObject({
      architecture: ARCHITECTURE,
      preprocessing: PREPROCESSING,
      preprocessingFrom: 'config.json',
      timmName: 'n',
    });
    expect(
      parseTimmConfig({ crop_pct: 0.95, mean: [0.4, 0.4, 0.4], interpolation: 'bilinear' }, 'c')
        .preprocessing,
    ).toEqual({
      cropFraction: 0.95,
      mean: [0.4, 0.4, 0.4],
      interpolation: 'bilinear',
    });
    expect(() => parseTimmConfig({ pretrained_cfg: { crop_pct: 3 } }, 'c')).toThrow(
      '"pretrained_cfg.crop_pct"',
    );
    expect(() => parseTimmConfig({ pretrained_cfg: { interpolation: 'random' } }, 'c')).toThrow(
      '"random" is not supported',
    );
    expect(() => parseTimmConfig([], 'c')).toThrow("not timm's config.json");
  });

  it.each([
    ['dist_token', [1, 1, 12], '197 tokens'],
    ['reg_token', [1, 4, 12], '197 tokens'],
    ['fc_norm.weight', [12], 'fc_norm.weight does not belong'],
    ['blocks.0.ls1.gamma', [12], 'blocks.0.ls1.gamma has the shape (12), expected (192)'],
    ['blocks.1.attn.q_norm.weight', [4], 'blocks.1.attn.q_norm.weight does not belong'],
    ['vit.embeddings.cls_token', [1, 1, 12], 'vit.embeddings.cls_token does not belong'],
    ['blocks.0.attn.qkv.karst_a', [2, 3, 1, 1], 'an adapter, not a backbone'],
    ['blocks.0.attn.relative', [1], 'blocks.0.attn.relative does not belong'],
  ])('refuses a file with %s', (name, shape, sentence) => {
    expect(() =>
      recogniseBackbone(
        'x',
        table(TINY, (s) => s.set(name, shape)),
      ),
    ).toThrow(sentence);
  });

  it.each([
    ['blocks.1.mlp.fc2.bias', null, 'the tensor blocks.1.mlp.fc2.bias of shape (192) is missing'],
    ['cls_token', null, 'cls_token is missing'],
    ['blocks.3.attn.proj.weight', [192, 191], 'has the shape (192, 191), expected (192, 192)'],
    ['pos_embed', [1, 99, 192], '99 tokens'],
    ['pos_embed', [197, 192], 'expected 3 dimensions'],
    ['patch_embed.proj.weight', [192, 1, 16, 16], 'three channels'],
  ])('names the tensor %s when it is wrong (%j)', (name, shape, sentence) => {
    const change = (s: Map<string, readonly number[]>): void => {
      if (shape === null) s.delete(name);
      else s.set(name, shape);
    };
    expect(() => recogniseBackbone('x', table(TINY, change))).toThrow(sentence);
  });
});
