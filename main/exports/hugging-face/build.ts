import { KarstError } from '../../../shared/domain/errors.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import type { SwinArchitecture } from '../../../shared/models/swin.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';

/** The class of transformers that computes a network with its head, and its configuration. */
export interface HuggingFaceBuild {
  readonly modelType: 'vit' | 'deit' | 'dinov2' | 'dinov2_with_registers' | 'siglip' | 'swin';
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The network that the class computes: with zeros in its head for what the model's does not read. */
  readonly written: Architecture;
}

function cannot(what: string): KarstError {
  return new KarstError(
    'not-available',
    `No class of transformers computes exactly this model: ${what}.`,
    {
      hint: 'Export it for timm ("--format timm"): transformers opens that folder, too.',
      option: '--format',
    },
  );
}

/** @throws KarstError not-available naming what no class has, and the timm folder */
export function huggingFaceBuild(a: Architecture): HuggingFaceBuild {
  if (a.family === 'swin') return swin(a);
  const strange = STRANGE.find(([holds]) => holds(a));
  if (strange !== undefined) throw cannot(strange[1]);
  if (a.classToken === false) return siglip(a);
  if (a.layerScale) return dinov2(a);
  return a.distillationToken ? deit(a) : vit(a);
}

/** What no class for classification has. */
const STRANGE: readonly (readonly [(a: VitArchitecture) => boolean, string])[] = [
  [(a) => a.rope !== undefined, 'it has rotary positions, whose classes only give features'],
  [(a) => a.positions === 'none', 'it has no position embeddings'],
  [
    (a) => a.preNorm === true,
    'a norm precedes its first block, as in CLIP, whose class pools other tokens',
  ],
  [(a) => a.qkNorm === true || a.attentionNorm === true, 'it norms inside its attention'],
  [(a) => a.mlp === 'split-glu' || a.mlpNorm === true, 'of its kind of gated MLP'],
  [
    (a) => a.pool === 'attention',
    'its features come from attention pooling, which the class leaves out',
  ],
  [(a) => a.lastNorm === false, 'it has no last norm'],
  [(a) => a.pooledNorm === true, 'its last norm comes after the pooling'],
  [(a) => a.poolPrefix === true, 'it pools all tokens'],
  [(a) => a.patchBias === false, 'its patch embedding has no bias'],
];

const ACTIVATIONS = {
  gelu: 'gelu',
  'gelu-tanh': 'gelu_pytorch_tanh',
  'quick-gelu': 'quick_gelu',
  silu: 'silu',
} as const;

function common(a: VitArchitecture): Record<string, unknown> {
  return {
    hidden_size: a.width,
    num_hidden_layers: a.depth,
    num_attention_heads: a.heads,
    hidden_act: ACTIVATIONS[a.activation ?? 'gelu'],
    layer_norm_eps: a.layerNormEpsilon,
    image_size: a.imageSize,
    patch_size: a.patchSize,
    num_channels: 3,
    qkv_bias: a.qkvBias,
  };
}

function requirePlain(a: VitArchitecture): void {
  if (a.registers !== undefined) throw cannot('it has register tokens and no LayerScale');
  if (a.patchPositions) throw cannot('only its patches have position embeddings');
  if (a.mlp !== undefined) throw cannot('it has a gated MLP and no LayerScale');
}

function vit(a: VitArchitecture): HuggingFaceBuild {
  requirePlain(a);
  if (a.pool !== undefined) throw cannot('its features are not those of the class token');
  return {
    modelType: 'vit',
    className: 'ViTForImageClassification',
    config: { ...common(a), intermediate_size: a.mlpDim },
    written: a,
  };
}

function deit(a: VitArchitecture): HuggingFaceBuild {
  requirePlain(a);
  if (a.pool !== undefined && a.pool !== 'class-and-distillation')
    throw cannot('its features are not those of the class token');
  return {
    modelType: 'deit',
    className:
      a.pool === undefined ? 'DeiTForImageClassification' : 'DeiTForImageClassificationWithTeacher',
    config: { ...common(a), intermediate_size: a.mlpDim },
    written: a,
  };
}

/** A network with LayerScale, DeiT-III, UNI and UNI2-h among them, is one of DINOv2's. */
function dinov2(a: VitArchitecture): HuggingFaceBuild {
  if (a.distillationToken) throw cannot('it has LayerScale and a distillation token');
  // Without registers the class token has a position embedding, which then is zero.
  const { patchPositions, ...withPositions } = a;
  if (a.registers !== undefined && !patchPositions)
    throw cannot('its register tokens have position embeddings');
  if (a.mlp !== undefined && a.activation !== 'silu')
    throw cannot(`its gated MLP has the activation ${a.activation ?? 'gelu'}`);
  const gated = a.mlp !== undefined;
  const registers = a.registers !== undefined;
  return {
    modelType: registers ? 'dinov2_with_registers' : 'dinov2',
    className: registers
      ? 'Dinov2WithRegistersForImageClassification'
      : 'Dinov2ForImageClassification',
    config: {
      ...common(a),
      mlp_ratio: wholeRatio(a, gated),
      use_swiglu_ffn: gated,
      ...(registers ? { num_register_tokens: a.registers } : {}),
    },
    written: { ...(registers ? a : withPositions), pool: 'class-and-mean' },
  };
}

/** DINOv2's class has no hidden width but a whole ratio, of a gated MLP two thirds in steps of 8. */
function wholeRatio({ width, mlpDim }: VitArchitecture, gated: boolean): number {
  const hidden = (ratio: number): number =>
    gated ? Math.floor((Math.trunc((width * ratio * 2) / 3) + 7) / 8) * 8 : width * ratio;
  const found = [1, 2, 3, 4, 5, 6, 8].find((ratio) => hidden(ratio) === mlpDim);
  if (found === undefined)
    throw cannot(`its MLP is ${String(mlpDim)} wide, no whole multiple of ${String(width)}`);
  return found;
}

function siglip(a: VitArchitecture): HuggingFaceBuild {
  const { qkv_bias: bias, ...vision } = common(a);
  if (a.layerScale || a.registers !== undefined || a.mlp !== undefined || bias !== true)
    throw cannot('it has no class token, as SigLIP, and other layers than that');
  return {
    modelType: 'siglip',
    className: 'SiglipForImageClassification',
    config: {
      vision_config: {
        model_type: 'siglip_vision_model',
        ...vision,
        intermediate_size: a.mlpDim,
        vision_use_head: false,
      },
    },
    written: a,
  };
}

function swin(a: SwinArchitecture): HuggingFaceBuild {
  if (a.layerNormEpsilon !== 1e-5)
    throw cannot(`its norms add ${String(a.layerNormEpsilon)}, and some of Swin's class 1e-5`);
  const sides = a.depths.map((_, stage) => a.imageSize / a.patchSize / 2 ** stage);
  // The class fills up before it shifts, timm and the studio after.
  if (sides.some((side) => side % a.window !== 0))
    throw cannot(
      `its windows of ${String(a.window)} patches do not divide sides of ${sides.join(', ')}`,
    );
  return {
    modelType: 'swin',
    className: 'SwinForImageClassification',
    config: {
      image_size: a.imageSize,
      patch_size: a.patchSize,
      num_channels: 3,
      embed_dim: a.width,
      depths: a.depths,
      num_heads: a.heads,
      window_size: a.window,
      mlp_ratio: a.mlpRatio,
      qkv_bias: a.qkvBias,
      hidden_act: 'gelu',
      layer_norm_eps: a.layerNormEpsilon,
    },
    written: a,
  };
}
