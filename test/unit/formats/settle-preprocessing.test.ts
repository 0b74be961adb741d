import { describe, expect, it } from 'vitest';
import { trainableParameters } from '../../../main/cli/training.ts';
import {
  settlePreprocessing,
  type PreparedNetwork,
  type PreprocessingSources,
} from '../../../main/formats/checkpoints/backbone-preprocessing.ts';
import { preprocessingFromJson } from '../../../main/formats/preprocessor-config.ts';
import { assumedPreprocessing } from '../../../main/formats/preprocessing/assumed.ts';
import { CLIP } from '../../../main/formats/preprocessing/constants.ts';
import { readPreprocessCfg } from '../../../main/formats/preprocessing/open-clip.ts';
import { TIMM_DEFAULTS } from '../../../main/formats/preprocessing/timm.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { completeConfig } from '../../../shared/training/config.ts';
import { TINY_VIT } from '../../fixtures/tiny-backbone.ts';

const NONE: PreprocessingSources = { timm: null, openClip: null, preprocessor: null };
const vit = { family: 'vit', patchSize: 14, layerScale: true } as const;
/** DINOv2 as transformers has it. */
const DINOV2: PreparedNetwork = {
  ...{ imageSize: 518, fits: (side: number) => side % 14 === 0 && side >= 28, anySize: true },
  assumed: assumedPreprocessing(vit, { kind: 'huggingface', modelType: 'dinov2' }),
};
const beside = (crop: number): PreprocessingSources => ({
  ...NONE,
  preprocessor: {
    path: 'p.json',
    preprocessing: preprocessingFromJson(
      {
        image_processor_type: 'BitImageProcessor',
        size: { shortest_edge: crop + 32 },
        crop_size: crop,
      },
      'p.json',
    ),
  },
});

describe('how images are prepared for a backbone', () => {
  it('has the size that its processor names, where its library takes any', () => {
    expect(settlePreprocessing(beside(224), DINOV2)).toMatchObject({
      preprocessing: { imageSize: 224, cropFraction: 0.875 },
      preprocessingFrom: 'preprocessor_config.json',
    });
    for (const [sources, network] of [
      // Not a multiple of the patch.
      [beside(225), DINOV2],
      // Smaller than the network takes, as the windows of a Swin.
      [beside(14), DINOV2],
      [beside(224), { ...DINOV2, anySize: false }],
    ] as const)
      expect(() => settlePreprocessing(sources, network)).toThrow(KarstError);
  });

  it('is as open_clip says, with its own defaults', () => {
    const openClip = readPreprocessCfg({ resize_mode: 'longest', fill_color: 7 }, 'o.json');
    expect(settlePreprocessing({ ...NONE, openClip }, { ...DINOV2, imageSize: 224 })).toEqual({
      preprocessing: { ...openClip, imageSize: 224 },
      preprocessingFrom: 'open_clip_config.json',
    });
    expect(openClip).toMatchObject({ cropMode: 'border', borderColour: [7, 7, 7] });
    const { preprocessor } = beside(224);
    const same = { ...readPreprocessCfg({}, 'o.json'), cropFraction: 0.875 };
    const both = settlePreprocessing({ ...NONE, openClip: same, preprocessor }, DINOV2);
    // Of an odd margin open_clip cuts as timm does.
    expect(both.preprocessing).toEqual({ ...same, imageSize: 224 });
    expect(both.preprocessingFrom).toBe('open_clip_config.json');
  });

  it("has timm's defaults where timm says a part, and the family's where no one does", () => {
    const said = { mean: [0.1, 0.2, 0.3] } as const;
    const timm = { said, from: 'config.json' } as const;
    expect(settlePreprocessing({ ...NONE, timm }, DINOV2).preprocessing).toEqual({
      ...TIMM_DEFAULTS,
      ...said,
      imageSize: 518,
    });
    const whole = { ...TIMM_DEFAULTS, mean: CLIP.mean, std: CLIP.std };
    const added = settlePreprocessing(
      { ...beside(224), timm: { said: whole, from: 'config.json' } },
      DINOV2,
    );
    expect(added.preprocessing).toMatchObject({ cropRounding: 'down' });
    expect(added.preprocessingFrom).toBe('config.json');
    expect(settlePreprocessing(NONE, DINOV2)).toEqual({
      preprocessing: { ...DINOV2.assumed, imageSize: 518 },
      preprocessingFrom: 'default',
    });
  });
});

describe('a run without a size of its own', () => {
  it('trains at the size of the preprocessing, whatever that of the position embeddings', () => {
    const config = completeConfig({ method: 'full' });
    const side = TINY_VIT.imageSize;
    const at = (own: number, imageSize = 0) =>
      trainableParameters(
        { architecture: TINY_VIT, preprocessing: { imageSize: own } },
        { ...config, imageSize },
        3,
      );
    expect(at(2 * side)).toBeGreaterThan(at(side));
    expect(at(side, 2 * side)).toBe(at(2 * side));
  });
});
