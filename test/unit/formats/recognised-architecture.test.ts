import { describe, expect, it } from 'vitest';
import type { CheckpointSources } from '../../../main/formats/checkpoints/family.ts';
import {
  recogniseBackbone,
  type RecognisedBackbone,
} from '../../../main/formats/checkpoints/registry.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';

/** The fixture's file, with every name behind `before`, and nothing beside it. */
async function recognised(
  fixture: string,
  before: string,
  option: CheckpointSources['option'] = {},
): Promise<RecognisedBackbone> {
  const file = await SafetensorsFile.open(`test/fixtures/backbones/${fixture}/model.safetensors`);
  const tensors = new Map([...file.tensors].map(([name, tensor]) => [before + name, tensor]));
  await file.close();
  const sources = { option: { heads: 2, ...option } };
  return recogniseBackbone(
    'model.safetensors',
    translateNames('model.safetensors', tensors),
    sources,
  );
}

describe('a tower of timm in a model of open_clip', () => {
  it.each(['timm-pe', 'timm-eva02-packed', 'timm-eva02-split', 'timm-siglip'])(
    'is the network that it is alone: %s',
    async (fixture) => {
      const { architecture } = await recognised(fixture, '');
      const inside = await recognised(fixture, 'visual.trunk.');
      expect(inside.source).toBe('open_clip');
      expect(inside.architecture).toEqual(architecture);
    },
  );
});

describe('an architecture that cannot be computed', () => {
  it.each([
    ['timm-vit', { layerNormEpsilon: -1 }, 'layerNormEpsilon'],
    ['timm-siglip', { poolHeads: 5 }, '5'],
    ['timm-eva02-packed', { ropeTheta: -5 }, 'ropeTheta'],
    ['timm-eva02-packed', { heads: 16 }, 'does not add up'],
  ] as const)('is refused when it is added: %s with %o', async (fixture, option, word) => {
    await expect(recognised(fixture, '', option)).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining(word) as string,
    });
  });
});
