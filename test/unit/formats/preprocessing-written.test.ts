import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { positionRuleOf } from '../../../main/formats/checkpoints/position-rule.ts';
import { preprocessingFromJson } from '../../../main/formats/preprocessor-config.ts';
import { assumedPreprocessing } from '../../../main/formats/preprocessing/assumed.ts';
import { huggingFacePreprocessor } from '../../../main/formats/preprocessing/hugging-face.ts';
import { readPreprocessCfg } from '../../../main/formats/preprocessing/open-clip.ts';
import {
  otherwiseInTimm,
  pretrainedCfgOf,
  pretrainedCfgSchema,
  readPretrainedCfg,
} from '../../../main/formats/preprocessing/timm.ts';
import { preprocessingInWords } from '../../../main/formats/preprocessing/words.ts';
import { FILTERS, resizedSide, type Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

const BASE: Preprocessing = {
  ...{ imageSize: 224, interpolation: 'bicubic', cropFraction: 0.9, cropMode: 'center' },
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};
const DOWN = { cropRounding: 'down' } as const;
const SQUASH = { ...BASE, cropMode: 'squash' } as const;

/** The same pixels, whatever fraction leads to the resized side. */
function same(found: Preprocessing, p: Preprocessing): void {
  expect({ ...found, cropFraction: resizedSide(found) }).toEqual({
    ...p,
    cropFraction: resizedSide(p),
  });
}

describe('a preprocessor_config.json for transformers', () => {
  it.each<[string, string, Preprocessing, string]>([
    ['of its own class', 'dinov2', { ...BASE, ...DOWN }, 'Bit'],
    ['of its own class', 'clip', { ...BASE, ...DOWN, cropFraction: 1 }, 'CLIP'],
    ['of its own class', 'siglip', { ...SQUASH, cropFraction: 1 }, 'Siglip'],
    ['of its own class', 'deit', { ...SQUASH, ...DOWN, cropFraction: 0.875 }, 'DeiT'],
    ['of one that crops', 'vit', { ...BASE, ...DOWN, interpolation: 'lanczos' }, 'Bit'],
    ['of one that squashes', 'dinov2', { ...SQUASH, cropFraction: 1 }, 'ViT'],
    [
      'of the one that scales first',
      'dinov3_vit',
      { ...SQUASH, cropFraction: 1, rescale: 'before-resizing' },
      'DINOv3ViT',
    ],
  ])('is %s: %s', (_, model, p, kind) => {
    const written = huggingFacePreprocessor(p, model)!;
    expect(written.json['image_processor_type']).toBe(`${kind}ImageProcessor`);
    expect(written.shifted).toBe(false);
    same(preprocessingFromJson(written.json, 'p.json'), p);
  });

  it('says where it halves odd margins otherwise', () => {
    const written = huggingFacePreprocessor(BASE, 'vit')!;
    expect(written.shifted).toBe(true);
    same(preprocessingFromJson(written.json, 'p.json'), { ...BASE, ...DOWN });
    // 224 of 248: a margin of 24, which both halve alike.
    expect(huggingFacePreprocessor(SQUASH, 'deit')!.shifted).toBe(false);
    // 224 of 227: half of 3 is 2 for timm, and 1 for transformers.
    expect(huggingFacePreprocessor({ ...SQUASH, cropFraction: 224 / 227 }, 'deit')!.shifted).toBe(
      true,
    );
  });

  it('is none where no class can say it', () => {
    for (const p of [
      { ...BASE, cropMode: 'border' as const },
      { ...BASE, rescale: 'before-resizing' as const },
    ])
      expect(huggingFacePreprocessor(p, 'vit')).toBeNull();
  });
});

describe('a pretrained_cfg for timm', () => {
  it.each<Preprocessing>([
    BASE,
    ...FILTERS.map((interpolation) => ({ ...SQUASH, interpolation })),
    { ...BASE, cropMode: 'border', cropFraction: 1 },
  ])('is read back as the same: $cropMode, $interpolation', (p) => {
    expect(otherwiseInTimm(p)).toBeNull();
    const cfg = v.parse(pretrainedCfgSchema, pretrainedCfgOf(p));
    expect(readPretrainedCfg(cfg, 'c.json')).toEqual(p);
  });

  it.each<[string, Partial<Preprocessing>]>([
    ['timm-crop', DOWN],
    ['timm-levels', { rescale: 'before-resizing' }],
    ['timm-border', { cropMode: 'border', borderColour: [0, 0, 0] }],
  ])('has a note on what timm does otherwise: %s', (note, change) => {
    expect(otherwiseInTimm({ ...BASE, ...change })).toBe(note);
  });

  it.each([
    [{ interpolation: 'random' }, 'interpolation "random" is not supported'],
    [{ crop_mode: 'corner' }, 'crop_mode "corner" is not supported'],
    [{ input_size: [3, 224, 192] }, 'input_size (3, 224, 192)'],
  ])('is refused by the key: %j', (said, sentence) => {
    const read = () => readPretrainedCfg(v.parse(pretrainedCfgSchema, said), 'c.json');
    expect(read).toThrow(KarstError);
    expect(read).toThrow(sentence);
  });
});

describe('a preprocess_cfg of open_clip', () => {
  it.each([
    [{ resize_mode: 'stretch' }, '"resize_mode"'],
    [{ interpolation: 'lanczos' }, '"interpolation"'],
    [{ mode: 'L' }, '"mode"'],
    [{ std: [0, 0, 0] }, '"std'],
  ])('is refused by the key: %j', (said, sentence) => {
    expect(() => readPreprocessCfg(said, 'o.json')).toThrow(sentence);
  });
});

describe('the words for a preprocessing', () => {
  it('say each step once, in its order', () => {
    const words = preprocessingInWords({ ...BASE, ...DOWN });
    expect(words.split('\n')).toHaveLength(6);
    expect(words).toContain("2. Resize the shorter side to 248 pixels with Pillow's BICUBIC");
    expect(words).toContain(
      '3. Cut out the 224 × 224 pixels in the middle; half of an odd margin is rounded down.',
    );
    expect(words).toContain('4. Divide the levels 0..255 by 255.');
    expect(words).toContain('(0.485, 0.456, 0.406)');
  });

  it('put scaling first where it comes first, and name a border', () => {
    const first = preprocessingInWords({ ...SQUASH, cropFraction: 1, rescale: 'before-resizing' });
    expect(first.indexOf('Divide')).toBeLessThan(first.indexOf('Resize'));
    expect(first).not.toContain('Cut out');
    expect(preprocessingInWords({ ...BASE, cropMode: 'border', cropFraction: 1 })).toContain(
      'a square of 224 × 224 pixels of the color (124, 116, 104)',
    );
  });
});

describe('what is assumed where files are silent', () => {
  const timm = { kind: 'timm', modelType: null } as const;
  const vit = { family: 'vit', patchSize: 16 };

  it('follows the family in timm, and the class in transformers', () => {
    const ofTimm = (shape: object) => assumedPreprocessing({ ...vit, ...shape }, timm);
    expect(ofTimm({})).toMatchObject({ cropFraction: 0.9, mean: [0.5, 0.5, 0.5] });
    expect(ofTimm({ layerScale: true })).toMatchObject({ cropFraction: 1, mean: BASE.mean });
    expect(ofTimm({ preNorm: true }).mean[0]).toBe(0.48145466);
    const inHf = (modelType: string) =>
      assumedPreprocessing(vit, { kind: 'huggingface', modelType });
    expect(inHf('vit')).toMatchObject({ cropMode: 'squash', interpolation: 'bilinear' });
    expect(inHf('deit')).toMatchObject({ cropMode: 'squash', cropFraction: 0.875, ...DOWN });
    expect(inHf('dinov3_vit').rescale).toBe('before-resizing');
  });
});

describe('the rule for position embeddings', () => {
  const dinov2 = { layerScale: true, patchSize: 14 } as const;

  it.each([
    [{ kind: 'timm', modelType: null }, dinov2, 'timm'],
    [{ kind: 'huggingface', modelType: 'dinov2' }, dinov2, 'torch-bicubic'],
    [
      { kind: 'huggingface', modelType: 'dinov2_with_registers' },
      { ...dinov2, registers: 4 },
      'timm',
    ],
    [{ kind: 'original', modelType: null }, dinov2, 'dinov2'],
    [{ kind: 'original', modelType: null }, { ...dinov2, registers: 4 }, 'timm'],
    [{ kind: 'original', modelType: null }, { patchSize: 16 }, 'timm'],
    [{ kind: 'npz', modelType: null }, { patchSize: 16 }, 'bilinear'],
    [{ kind: 'open_clip', modelType: null }, { patchSize: 16 }, 'timm'],
  ] as const)('is that of the library: %j', (origin, network, rule) => {
    expect(positionRuleOf(origin, network)).toBe(rule);
  });
});
