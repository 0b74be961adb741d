import { describe, expect, it } from 'vitest';
import {
  preprocessingFromJson,
  preprocessingToJson,
} from '../../../main/formats/preprocessor-config.ts';
import { resizedSide, type Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

const read = (json: unknown): Preprocessing => preprocessingFromJson(json, 'p.json');
const IMAGENET = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

/** As published for google/vit-base-patch16-224. */
const VIT = {
  ...{ do_normalize: true, do_resize: true, image_mean: [0.5, 0.5, 0.5] },
  ...{ image_std: [0.5, 0.5, 0.5], size: 224 },
};
/** As published for openai/clip-vit-base-patch32. */
const CLIP = {
  ...{ crop_size: 224, do_center_crop: true, do_normalize: true, do_resize: true, resample: 3 },
  ...{ feature_extractor_type: 'CLIPFeatureExtractor', size: 224 },
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};
/** As published for facebook/dinov2-base. */
const DINOV2 = {
  ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_convert_rgb: true },
  ...{ do_normalize: true, do_rescale: true, do_resize: true, ...IMAGENET },
  ...{ image_processor_type: 'BitImageProcessor', resample: 3 },
  ...{ rescale_factor: 0.00392156862745098, size: { shortest_edge: 256 } },
};

describe('a preprocessor_config.json of Hugging Face', () => {
  it.each<[string, object, Preprocessing]>([
    [
      'of ViT, where the size is one number and nothing is said of the filter',
      VIT,
      {
        ...{ imageSize: 224, interpolation: 'bilinear', cropFraction: 1, cropMode: 'squash' },
        ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
      },
    ],
    [
      'of CLIP, where the same number is the shortest edge',
      CLIP,
      {
        ...{ imageSize: 224, interpolation: 'bicubic', cropFraction: 1, cropMode: 'center' },
        cropRounding: 'down',
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
      },
    ],
    [
      'of DINOv2, which cuts 224 pixels out of 256',
      DINOV2,
      {
        ...{ imageSize: 224, interpolation: 'bicubic', cropFraction: 0.875, cropMode: 'center' },
        cropRounding: 'down',
        ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      },
    ],
    [
      'that says nothing but its kind',
      { image_processor_type: 'ViTImageProcessorFast' },
      {
        ...{ imageSize: 224, interpolation: 'bilinear', cropFraction: 1, cropMode: 'squash' },
        ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
      },
    ],
    [
      'that does not normalise',
      { ...VIT, do_normalize: false, size: { height: 32, width: 32 }, resample: 3 },
      {
        ...{ imageSize: 32, interpolation: 'bicubic', cropFraction: 1, cropMode: 'squash' },
        ...{ mean: [0, 0, 0], std: [1, 1, 1] },
      },
    ],
    [
      'with one number for all channels, and nulls',
      { ...VIT, image_mean: 0.4, image_std: 0.2, data_format: null, do_center_crop: null },
      {
        ...{ imageSize: 224, interpolation: 'bilinear', cropFraction: 1, cropMode: 'squash' },
        ...{ mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] },
      },
    ],
  ])('%s', (_, json, expected) => {
    expect(read(json)).toEqual(expected);
    // Survives the round trip through the form stored in adapters.
    expect(read(preprocessingToJson(read(json)))).toEqual(read(json));
  });

  it('keeps any edge that an image is resized to, whatever the rounding', () => {
    for (let edge = 32; edge <= 1024; edge++)
      for (const side of [16, 31, 32]) {
        const p = read({ ...DINOV2, size: { shortest_edge: edge }, crop_size: side });
        expect(Math.floor(p.imageSize / p.cropFraction), `${side} of ${edge}`).toBe(edge);
      }
  });

  it.each<[string | null, object, Partial<Preprocessing>]>([
    ['dinov2', {}, { imageSize: 224, cropMode: 'center', interpolation: 'bicubic' }],
    ['dinov3_vit', {}, { cropMode: 'squash', rescale: 'before-resizing' }],
    ['deit', {}, { imageSize: 224, cropMode: 'squash', cropFraction: 0.875 }],
    ['siglip', {}, { imageSize: 224, cropMode: 'squash', interpolation: 'bicubic' }],
    ['unheard-of', {}, { cropMode: 'squash', interpolation: 'bilinear' }],
    [null, {}, { cropMode: 'squash', interpolation: 'bilinear' }],
    ['dinov2', { image_processor_type: 'ViTImageProcessorPil' }, { cropMode: 'squash' }],
    [
      null,
      { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384 } },
      { imageSize: 384, cropMode: 'squash', cropFraction: 1 },
    ],
    [
      null,
      { image_processor_type: 'ConvNextImageProcessor', size: 224, crop_pct: 0.9 },
      { imageSize: 224, cropMode: 'center', cropFraction: 0.9, cropRounding: 'down' },
    ],
  ])('is of the processor that it names, else of its model: %s, %j', (model, json, expected) => {
    expect(preprocessingFromJson(json, 'p.json', model)).toMatchObject(expected);
  });

  it('of an earlier version says the crop of a squashed image by its fraction alone', () => {
    const earlier = {
      ...{ image_processor_type: 'ViTImageProcessor', do_resize: true, resample: 3 },
      ...{ size: { height: 48, width: 48 }, crop_size: { height: 48, width: 48 } },
      ...{ do_center_crop: false, crop_pct: 0.9 },
    };
    const p = read(earlier);
    expect(p).toMatchObject({ imageSize: 48, cropFraction: 0.9, cropMode: 'squash' });
    expect(resizedSide(p)).toBe(53);
    expect(read(preprocessingToJson(p))).toEqual(p);
  });

  it.each([
    [{ resample: 6 }, '"resample" is 6'],
    [
      { image_processor_type: 'DINOv3ViTImageProcessor', resample: 5 },
      '"resample" is 5 (hamming), and pixels that are scaled first are resized by 2 (bilinear)',
    ],
    [{ do_resize: false }, '"do_resize" is false'],
    [{ rescale_factor: 0 }, '"rescale_factor" is 0'],
    [{ do_center_crop: false }, 'images would keep their proportions'],
    [{ crop_size: { height: 224, width: 192 } }, '"crop_size" is 224 by 192'],
    [{ crop_size: 288 }, '"crop_size" 288 is larger than the "shortest_edge" 256'],
    [{ size: { height: 192, width: 192 } }, '"crop_size" 224 is larger than the "size" 192'],
    [{ size: { height: 256, width: 192 } }, '"size" is 256 by 192'],
    [{ size: { shortest_edge: 256, longest_edge: 512 } }, '"size"'],
    [{ size: { longest_edge: 256 } }, '"size" has a "longest_edge"'],
    [{ crop_pct: 0.9 }, '224 / 0.9 is not 256'],
    [{ image_std: [0.2, 0, 0.2] }, '"image_std.1" is 0'],
    [{ do_flip_channel_order: true }, '"do_flip_channel_order" is true'],
    [{ do_pad: true }, '"do_pad" is true'],
    [{ image_processor_type: 'BeitImageProcessor' }, 'image processor "BeitImageProcessor"'],
    [
      { image_processor_type: 'SiglipImageProcessor', size: 224, do_center_crop: null },
      'keep their',
    ],
    [{ do_sharpen: true }, '"do_sharpen"'],
  ])('is refused by the key where %j cannot be honoured', (change, sentence) => {
    const refuse = (): unknown => read({ ...DINOV2, ...change });
    expect(refuse).toThrow(KarstError);
    expect(refuse).toThrow(sentence);
  });
});
