import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { TimmBuild } from './timm-config.ts';

/** Of timm's registered names those whose networks differ in numbers alone, which `model_args` can say. */
const REGISTERED: ReadonlyMap<number, string> = new Map([
  [192, 'tiny'],
  [384, 'small'],
  [768, 'base'],
  [1024, 'large'],
]);

/** timm takes the whole part of width · ratio, which must be `mlpDim` whatever the rounding. */
function mlpRatio({ mlpDim, width }: VitArchitecture): number {
  const ratio = mlpDim / width;
  return Math.trunc(width * ratio) === mlpDim ? ratio : (mlpDim + 0.5) / width;
}

/** By the registered name of the same width, where there is one. */
export function timmBuildOfVit(a: VitArchitecture): TimmBuild {
  return {
    registered: `vit_${REGISTERED.get(a.width) ?? 'base'}_patch16_224`,
    args: {
      img_size: a.imageSize,
      patch_size: a.patchSize,
      embed_dim: a.width,
      depth: a.depth,
      num_heads: a.heads,
      mlp_ratio: mlpRatio(a),
      qkv_bias: a.qkvBias,
      // Any number but 0 builds the layer; the weights are in the file.
      ...(a.layerScale ? { init_values: 1e-5 } : {}),
      ...(a.registers === undefined ? {} : { reg_tokens: a.registers }),
      ...(a.patchPositions ? { no_embed_class: true } : {}),
    },
    firstLayer: 'patch_embed.proj',
    classifier: 'head',
  };
}
