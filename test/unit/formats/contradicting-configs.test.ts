import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import { readMetadata } from '../../../main/formats/checkpoints/configs/timm.ts';
import type { CheckpointSources } from '../../../main/formats/checkpoints/family.ts';
import {
  recogniseBackbone,
  type RecognisedBackbone,
} from '../../../main/formats/checkpoints/registry.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { saidSchema } from '../../../shared/domain/said.ts';

/** A fixture's tensors with a configuration of somebody else's beside them. */
async function recognised(
  fixture: string,
  json: object | null,
  option: CheckpointSources['option'] = {},
): Promise<RecognisedBackbone> {
  const file = await SafetensorsFile.open(
    `test/fixtures/backbones/${fixture}/${fixture.startsWith('open-clip') ? 'open_clip_model' : 'model'}.safetensors`,
  );
  await file.close();
  const config = json === null ? null : parseModelConfig(json, '/a/config.json');
  return recogniseBackbone('/a/file', translateNames('/a/file', file.tensors), {
    ...{ config, option },
  });
}

const ARGS = { num_heads: 2 };
const three = (names: unknown): object => ({
  ...{ architecture: 'x', model_args: ARGS, label_names: names },
});

describe('a configuration of another kind of network than the weights', () => {
  it.each([
    ['timm-vit', { architecture: 'swin_tiny_patch4_window7_224' }, 'is a Swin transformer'],
    ['timm-vit', { model_type: 'swin' }, '"model_type" "swin" is a Swin transformer'],
    ['timm-swin', { architecture: 'vit_tiny_patch16_224' }, 'the weights are of a Swin'],
    ['hf-swin', { model_type: 'dinov2' }, 'the weights are of a Swin'],
    ['timm-vit', { architecture: 'vit_base_patch16_clip_224' }, 'a norm before the first block'],
    ['timm-vit', { architecture: 'eva02_base_patch14_224' }, "the tensors of timm's Eva"],
    ['timm-vit', { architecture: 'vit_small_patch16_dinov3' }, 'no position embeddings'],
    ['timm-vit', { architecture: 'vit_base_patch16_siglip_224' }, 'no class token'],
    ['hf-vit', { model_type: 'clip' }, 'a norm before the first block'],
    ['hf-clip', { model_type: 'vit' }, 'no norm before the first block'],
    ['hf-vit', { model_type: 'dinov2' }, 'has LayerScale, and the weights have none'],
    ['hf-dinov2', { model_type: 'dinov2_with_registers' }, 'register tokens'],
    ['hf-dinov2', { model_type: 'dinov3_vit' }, 'no position embeddings'],
    ['hf-vit', { model_type: 'siglip' }, 'no class token'],
    [
      'open-clip-trunk',
      { model_cfg: { vision_cfg: { width: 16 } } },
      'the "vision_cfg" has a norm',
    ],
    [
      'open-clip-trunk',
      { model_cfg: { vision_cfg: { timm_model_name: 'swin_base_patch4_window7_224' } } },
      'is a Swin transformer',
    ],
  ])('is refused: %s with %j', async (fixture, json, sentence) => {
    const refused = expect(recognised(fixture, json)).rejects;
    await refused.toMatchObject({
      ...{ code: 'format-unsupported', path: '/a/config.json' },
      message: expect.stringContaining(sentence) as string,
      hint: expect.stringContaining('remove it') as string,
    });
  });

  it('is not one whose arguments change what its name implies', async () => {
    const model_args = { ...ARGS, use_rot_pos_emb: true, qkv_fused: true };
    const { architecture } = await recognised('timm-vit', {
      ...{ architecture: 'eva02_base_patch14_224', model_args, global_pool: 'token' },
    });
    expect(architecture).toMatchObject({ rope: 'eva' });
  });
});

describe('a configuration that says what the weights are not', () => {
  it.each([
    ['timm-vit', { num_classes: 4 }, '"num_classes" is 4, and the weights have 3'],
    [
      'timm-vit',
      { model_args: { ...ARGS, num_classes: 4 } },
      '"model_args.num_classes" is 4, and the weights have 3',
    ],
    ['timm-vit', { model_args: { ...ARGS, in_chans: 1 } }, '"in_chans" is 1'],
    ['timm-vit', { pretrained_cfg: { input_size: [3, 22, 22] } }, '"input_size" is 22'],
    // Built for 16, timm takes no image of 18, though it has as many patches.
    [
      'timm-vit',
      { model_args: { ...ARGS, img_size: 16 }, pretrained_cfg: { input_size: [3, 18, 18] } },
      '"input_size" is 18',
    ],
    ['timm-vit', { pretrained_cfg: { input_size: [3, 0, 0] } }, 'input_size (3, 0, 0)'],
    ['timm-vit', { pretrained_cfg: { input_size: [3, 16, 20] } }, 'input_size (3, 16, 20)'],
    ['timm-vit', { label_names: ['a', 'b'] }, '"label_names" has 2 classes'],
    ['timm-vit', { model_args: { ...ARGS, use_post_norm: true } }, '"use_post_norm" is true'],
    ['timm-vit', { model_args: { ...ARGS, mlp_layer: 'timm.layers.GluMlp' } }, '"mlp_layer"'],
    ['timm-swin', { model_args: { num_heads: [1, 1] } }, '"model_args.num_heads" is [1,1]'],
    ['timm-swin', { model_args: { act_layer: 'silu' } }, 'the activation silu'],
  ])('is refused: %s with %j', async (fixture, json, sentence) => {
    await expect(
      recognised(fixture, { architecture: 'x', model_args: ARGS, ...json }),
    ).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining(sentence) as string,
    });
  });

  it('of Hugging Face, too', async () => {
    await expect(
      recognised('hf-vit', {
        model_type: 'vit',
        num_attention_heads: 2,
        id2label: { 0: 'a', 1: 'b' },
      }),
    ).rejects.toThrow('"id2label" has 2 classes, and the head of the weights 3');
    await expect(recognised('hf-swin', { model_type: 'swin', num_heads: [7, 7] })).rejects.toThrow(
      '"num_heads" is [7,7]',
    );
  });
});

describe("null in timm's configuration", () => {
  it('is as good as absent', async () => {
    const json = { architecture: 'x', model_args: ARGS, pretrained_cfg: null };
    expect((await recognised('timm-vit', json)).architecture.classes).toBe(3);
    const heads = await recognised(
      'timm-vit',
      { architecture: null, model_args: { num_heads: null } },
      { heads: 2 },
    );
    expect(heads.architecture).toMatchObject({ heads: 2 });
    expect(await recognised('timm-vit', { model_args: null }, { heads: 2 })).toBeDefined();
  });
});

describe('names of classes', () => {
  it.each([
    [['a', 'b\u0007', 'c'], 'the name of the class 1 holds a control character'],
    [['a', 'b', '  '], 'the name of the class 2 is empty'],
    [['a'.repeat(1001), 'b', 'c'], 'longer than 1000'],
  ])('that cannot be shown are refused: %j', async (names, sentence) => {
    await expect(recognised('timm-vit', three(names))).rejects.toThrow(sentence);
  });

  it('that are equal are told apart by their numbers', async () => {
    const { labels } = await recognised('timm-vit', three(['crane', 'heron\n', 'crane']));
    expect(labels).toEqual(['crane (0)', 'heron', 'crane (2)']);
    const id2label = { 0: 'crane', 1: 'heron', 2: 'crane' };
    const found = await recognised('hf-vit', {
      model_type: 'vit',
      num_attention_heads: 2,
      id2label,
    });
    expect(found.labels).toEqual(labels);
    const colliding = await recognised('timm-vit', three(['a', 'a', 'a (0)']));
    expect(new Set(colliding.labels).size).toBe(3);
  });

  it('may stand under their numbers, some of them without one', async () => {
    const named = { 2: 'thumb', 0: 'ring' };
    expect((await recognised('timm-vit', three(named))).labels).toEqual([
      ...['ring', '<unmapped:1>', 'thumb'],
    ]);
    const last = { ...three({ 0: 'ring' }), num_classes: 3 };
    expect((await recognised('timm-vit', last)).labels).toEqual([
      ...['ring', '<unmapped:1>', '<unmapped:2>'],
    ]);
    expect((await recognised('timm-vit', three({}))).labels).toBeNull();
    await expect(recognised('timm-vit', three({ one: 'ring' }))).rejects.toThrow(
      '"label_names" has the entry "one", which is no class',
    );
    await expect(recognised('timm-vit', three({ 3: 'ring' }))).rejects.toThrow(
      '"label_names" has 4 classes',
    );
  });

  it("that are transformers' placeholders in timm's wrapper are none", async () => {
    const names = ['LABEL_0', 'LABEL_1', 'LABEL_2'];
    expect((await recognised('timm-vit', three(names))).labels).toBeNull();
  });

  it("may stand in timm's pretrained_cfg, and a file of timm's that is named there is none", async () => {
    const inside = (label_names: unknown): object => ({
      ...{ architecture: 'x', model_args: ARGS, pretrained_cfg: { label_names } },
    });
    expect((await recognised('timm-vit', inside(['a', 'b', 'c']))).labels).toEqual(['a', 'b', 'c']);
    expect((await recognised('timm-vit', inside('imagenet-1k'))).labels).toBeNull();
  });

  it('of a head that is not used are not shown', async () => {
    const json = three(['a', 'b', 'c']);
    const { architecture, labels } = await recognised('timm-vit', json, { pool: 'class-and-mean' });
    expect(architecture.classes).toBe(0);
    expect(labels).toBeNull();
    const unfit = three(['a', '', 'c']);
    expect((await recognised('timm-vit', unfit, { pool: 'class-and-mean' })).labels).toBeNull();
  });
});

describe('an option that changes nothing', () => {
  it.each([
    ['timm-vit', { poolHeads: 4 }, '--pool-heads', 'another pool (class)'],
    ['timm-vit', { poolPrefix: true }, '--pool-prefix', 'another pool (class)'],
    ['timm-vit', { ropeTheta: 50 }, '--rope-theta', 'no rotary positions'],
    ['timm-vit', { rope: 'none', ropeReference: 7 }, '--rope-reference', 'no rotary positions'],
    ['timm-dinov3', { ropeReference: 7 }, '--rope-reference', 'no reference grid'],
    ['timm-vit', { imageSize: 32 }, '--image-size', '4 × 4 patches, images of 16 to 19 pixels'],
    ['timm-swin', { heads: 3 }, '--heads', 'bias tables'],
    ['timm-swin', { pool: 'mean' }, '--pool', 'mean of its patches'],
    ['timm-swin', { activation: 'silu' }, '--activation', 'exact GELU'],
    ['timm-swin', { rope: 'eva' }, '--rope', 'no rotary positions'],
  ] as const)('is refused by name: %s with %o', async (fixture, option, name, why) => {
    const heads = fixture === 'timm-swin' ? {} : { heads: 2 };
    await expect(recognised(fixture, null, { ...heads, ...option })).rejects.toMatchObject({
      ...{ code: 'format-unsupported', option: name },
      message: expect.stringMatching(
        `option ${name} \\([a-zA-Z, ()]+\\) has no use: .*${why.replaceAll(/[()]/g, '.')}`,
      ) as string,
    });
  });
});

it('a base of rotary periods that makes them all one is no option', () => {
  expect(v.safeParse(saidSchema, { ropeTheta: 1 }).success).toBe(false);
  expect(v.safeParse(saidSchema, { ropeTheta: 2 }).success).toBe(true);
});

describe('images that patches do not fill', () => {
  it('have the size that a configuration or an option says, where the patches are as many', async () => {
    const timm = {
      architecture: 'x',
      model_args: ARGS,
      pretrained_cfg: { input_size: [3, 19, 19] },
    };
    const { architecture, preprocessing, assumed } = await recognised('timm-vit', timm);
    expect([architecture.imageSize, preprocessing.imageSize]).toEqual([19, 19]);
    expect(assumed).toContainEqual({ what: 'imageSize', value: 19, from: 'config.json' });
    const alone = await recognised('timm-vit', null, { heads: 2, imageSize: 18 });
    expect(alone.architecture.imageSize).toBe(18);
  });

  it('are none where no position embeddings tell their patches', async () => {
    await expect(recognised('timm-dinov3', null, { heads: 2, imageSize: 18 })).rejects.toThrow(
      '18 pixels by patches of 4',
    );
  });
});

describe("a file's own metadata that contradict its weights", () => {
  const cfg = (value: object): [string, string] => ['pretrained_cfg', JSON.stringify(value)];
  it.each([
    [[cfg({ input_size: [3, 22, 22] })], '"input_size" is 22'],
    [[['architecture', 'swin_tiny_patch4_window7_224']], 'is a Swin transformer'],
    [[['pretrained_cfg', '{']], 'is not valid JSON'],
    [[['num_heads', 'many']], 'num_heads'],
  ] as const)('have a way out that does not remove the weights: %j', async (entries, sentence) => {
    const path = 'test/fixtures/backbones/timm-vit/model.safetensors';
    const file = await SafetensorsFile.open(path);
    await file.close();
    const work = (): unknown => {
      const metadata = readMetadata(new Map(entries), path);
      return recogniseBackbone(path, translateNames(path, file.tensors), {
        ...{ metadata, option: { heads: 2 } },
      });
    };
    expect(work).toThrow(sentence);
    const hint: unknown = expect.stringContaining(`save_file(load_file("${path}")`);
    expect(work).toThrow(expect.objectContaining({ code: 'format-unsupported', path, hint }));
  });
});

describe('a mean of all tokens', () => {
  it('is one where the configuration says so, and of the patches alone where it does not', async () => {
    const config = (args: object): object => ({
      ...{ architecture: 'x', model_args: { ...ARGS, global_pool: 'avg', ...args } },
    });
    const all = await recognised('timm-vit-mean', config({ pool_include_prefix: true }));
    expect(all.architecture).toMatchObject({ pool: 'mean', poolPrefix: true });
    expect(all.assumed).toContainEqual({ what: 'poolPrefix', value: true, from: 'config.json' });
    const patches = await recognised('timm-vit-mean', config({}));
    expect(patches.architecture).not.toHaveProperty('poolPrefix');
  });
});

describe('weights of another number type', () => {
  it('are named with the way to convert them, before anything is asked', () => {
    const shapes = new Map([
      ['patch_embed.proj.weight', { dtype: 'F64' as const, shape: [12, 3, 4, 4] }],
      ['blocks.0.norm1.weight', { dtype: 'F64' as const, shape: [12] }],
    ]);
    expect(() => recogniseBackbone('/a/file', translateNames('/a/file', shapes))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('patch_embed.proj.weight is stored as F64') as string,
        hint: expect.stringContaining('t.float()') as string,
      }),
    );
  });
});
