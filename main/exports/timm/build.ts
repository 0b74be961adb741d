import { KarstError } from '../../../shared/domain/errors.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import type { SwinArchitecture } from '../../../shared/models/swin.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { StoredNames } from '../../formats/checkpoints/stored.ts';

type Argument = number | boolean | string | readonly number[];
type Arguments = Readonly<Record<string, Argument>>;
/** timm takes no argument for one that is null: such a value must be the registered name's own. */
type Wanted = Readonly<Record<string, Argument | null>>;

/** How timm builds a network: from a registered one, with arguments that override it. */
export interface TimmBuild {
  readonly registered: string;
  readonly args: Arguments;
  readonly globalPool: string;
  /** The network that is built. */
  readonly written: Architecture;
  /** The names of its class. */
  readonly names: StoredNames;
  /** Module path of the layer that reads the image. */
  readonly firstLayer: string;
  /** Module paths of the classifier. */
  readonly classifier: string | readonly string[];
}

/** @throws KarstError not-available naming what no class of timm has */
export function timmBuild(a: Architecture): TimmBuild {
  return a.family === 'swin' ? buildSwin(a) : needsEva(a) ? buildEva(a) : buildVit(a);
}

function cannot(what: string): KarstError {
  return new KarstError('not-available', `timm cannot hold this model: ${what}.`, {
    hint: 'Export it as ONNX or for TensorFlow.',
  });
}

/** timm's norms have 1e-6 or 1e-5. Less than 1e-6 (transformers' ViT has 1e-12) is no difference in float32. */
function epsilonFor({ layerNormEpsilon: epsilon }: Architecture): 1e-6 | 1e-5 {
  if (epsilon <= 1e-6) return 1e-6;
  if (epsilon === 1e-5) return 1e-5;
  throw cannot(`its norms add ${String(epsilon)}, and those of timm 1e-6 or 1e-5`);
}

/** timm takes the whole part of width · ratio, which must be `hidden` whatever the rounding. */
function ratio(hidden: number, width: number): number {
  const quotient = hidden / width;
  return Math.trunc(width * quotient) === hidden ? quotient : (hidden + 0.5) / width;
}

/** The class VisionTransformer has no rotary positions, no split gate and no attention pool of other sizes. */
function needsEva(a: VitArchitecture): boolean {
  return (
    a.rope !== undefined ||
    a.mlp === 'split-glu' ||
    (a.poolHeads ?? a.heads) !== a.heads ||
    (a.poolMlpDim ?? a.mlpDim) !== a.mlpDim
  );
}

const SIZES: Readonly<Record<number, string>> = {
  192: 'tiny',
  384: 'small',
  768: 'base',
  1024: 'large',
};

/** Of the class VisionTransformer: registered names with one epsilon, one kind of MLP and one of tokens. */
const PLAIN: Wanted = {
  global_pool: 'token',
  class_token: true,
  no_embed_class: false,
  pos_embed: 'learn',
  reg_tokens: 0,
  init_values: null,
  qk_norm: false,
  scale_attn_norm: false,
  scale_mlp_norm: false,
  pre_norm: false,
  fc_norm: null,
  final_norm: true,
  pool_include_prefix: false,
  act_layer: 'gelu',
};

/** A registered name, and the values that its own definition gives to arguments of `PLAIN`. */
interface Base {
  readonly registered: string;
  readonly defaults: Wanted;
}

function baseOf(a: VitArchitecture): Base {
  const size = SIZES[a.width];
  const epsilon = epsilonFor(a);
  if (a.mlp === 'packed-glu') {
    if (epsilon !== 1e-6 || a.activation !== 'silu')
      throw cannot('a gated MLP comes with norms that add 1e-6, and with SiLU');
    return {
      registered: 'vit_giant_patch14_reg4_dinov2',
      defaults: {
        ...PLAIN,
        ...{ reg_tokens: 4, no_embed_class: true, init_values: 1e-5, act_layer: 'silu' },
      },
    };
  }
  if (a.distillationToken) {
    if (epsilon !== 1e-6) throw cannot('with a distillation token, its norms add 1e-6');
    const known = size === undefined || size === 'large' ? 'base' : size;
    return { registered: `deit_${known}_distilled_patch16_224`, defaults: PLAIN };
  }
  if (epsilon === 1e-5)
    return { registered: 'vit_base_patch16_clip_224', defaults: { ...PLAIN, pre_norm: true } };
  return { registered: `vit_${size ?? 'base'}_patch16_224`, defaults: PLAIN };
}

const POOLS = { mean: 'avg', attention: 'map' } as const;

function poolOf({ pool }: VitArchitecture): 'token' | 'avg' | 'map' {
  if (pool === 'class-and-mean')
    throw cannot('its head reads the class token and the mean of the patches');
  return pool === undefined || pool === 'class-and-distillation' ? 'token' : POOLS[pool];
}

function buildVit(a: VitArchitecture): TimmBuild {
  const { registered, defaults } = baseOf(a);
  const pool = poolOf(a);
  requirePatchBias(a);
  if (a.distillationToken && (pool !== 'token' || a.patchPositions || a.positions === 'none'))
    throw cannot(
      'with a distillation token, its head reads tokens, all of which have position embeddings',
    );
  const wanted: Wanted = {
    global_pool: pool,
    class_token: a.classToken !== false,
    no_embed_class: a.patchPositions === true,
    pos_embed: a.positions === 'none' ? 'none' : 'learn',
    reg_tokens: a.registers ?? 0,
    init_values: a.layerScale ? 1e-5 : null,
    qk_norm: a.qkNorm === true,
    scale_attn_norm: a.attentionNorm === true,
    scale_mlp_norm: a.mlpNorm === true,
    pre_norm: a.preNorm === true,
    // Left out, timm norms after the pool where that is the mean.
    fc_norm: (a.pooledNorm === true) === (pool === 'avg') ? null : a.pooledNorm === true,
    final_norm: a.lastNorm !== false,
    pool_include_prefix: a.poolPrefix === true,
    act_layer: (a.activation ?? 'gelu').replace('-', '_'),
  };
  const packed = a.mlp === 'packed-glu';
  return {
    registered,
    args: {
      ...sizes(a, ratio(packed ? 2 * a.mlpDim : a.mlpDim, a.width)),
      qkv_bias: a.qkvBias,
      ...differing(wanted, defaults),
    },
    globalPool: pool,
    written: {
      ...a,
      layerNormEpsilon: epsilonFor(a),
      // A head on the class token alone has zeros for the other.
      ...(a.distillationToken ? { pool: 'class-and-distillation' } : {}),
    },
    names: { kind: 'timm' },
    firstLayer: 'patch_embed.proj',
    classifier: a.distillationToken ? ['head', 'head_dist'] : 'head',
  };
}

function differing(wanted: Wanted, defaults: Wanted): Arguments {
  const args: Record<string, Argument> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (value === defaults[name]) continue;
    if (value === null) throw cannot(`a gated MLP comes with "${name}"`);
    args[name] = value;
  }
  return args;
}

function sizes(a: VitArchitecture, mlpRatio: number): Arguments {
  return {
    img_size: a.imageSize,
    patch_size: a.patchSize,
    embed_dim: a.width,
    depth: a.depth,
    num_heads: a.heads,
    mlp_ratio: mlpRatio,
  };
}

function requirePatchBias({ preNorm, patchBias }: VitArchitecture): void {
  if ((patchBias === false) !== (preNorm === true))
    throw cannot('its patch embedding has no bias just where a norm precedes the first block');
}

/** Of the class Eva, whose definitions differ in much: everything but the epsilon is said. */
const EVA = {
  plain: { registered: 'eva02_base_patch14_224', epsilon: 1e-6 },
  scaled: { registered: 'vit_base_patch16_dinov3', epsilon: 1e-5 },
  unscaled: { registered: 'vit_pe_core_base_patch16_224', epsilon: 1e-5 },
} as const;

function buildEva(a: VitArchitecture): TimmBuild {
  const { registered, epsilon } =
    EVA[epsilonFor(a) === 1e-6 ? 'plain' : a.layerScale ? 'scaled' : 'unscaled'];
  const pool = poolOf(a);
  requirePatchBias(a);
  if (a.distillationToken) throw cannot('it has rotary positions and a distillation token');
  if ((a.activation ?? 'gelu') !== (a.mlp === undefined ? 'gelu' : 'silu'))
    throw cannot(`it has rotary positions and the activation ${a.activation ?? 'gelu'}`);
  if (a.mlp === 'packed-glu' && a.mlpNorm) throw cannot('its gated MLP has one layer and a norm');
  const hasPrefix = a.classToken !== false || (a.registers ?? 0) > 0;
  if ((pool === 'avg' && a.poolPrefix) || (pool === 'map' && hasPrefix && !a.poolPrefix))
    throw cannot('it pools other tokens than timm does of a network with rotary positions');
  return {
    registered,
    args: {
      ...sizes(a, ratio(a.mlpDim, a.width)),
      // Of its two kinds of attention the one with a fused bias, which also k may have.
      attn_type: 'rope',
      qkv_fused: true,
      qkv_bias: a.qkvBias,
      qk_norm: a.qkNorm === true,
      scale_attn_inner: a.attentionNorm === true,
      swiglu_mlp: a.mlp !== undefined,
      // Other than 0, the gate is a layer of its own.
      swiglu_align_to: a.mlp === 'split-glu' ? 1 : 0,
      scale_mlp: a.mlpNorm === true,
      ...(a.layerScale ? { init_values: 1e-5 } : {}),
      class_token: a.classToken !== false,
      num_reg_tokens: a.registers ?? 0,
      no_embed_class: a.patchPositions === true,
      use_abs_pos_emb: a.positions !== 'none',
      ...rope(a),
      dynamic_img_size: false,
      use_pre_transformer_norm: a.preNorm === true,
      use_post_transformer_norm: a.pooledNorm !== true && a.lastNorm !== false,
      use_fc_norm: a.pooledNorm === true,
      global_pool: pool,
      ...(pool === 'map'
        ? {
            attn_pool_num_heads: a.poolHeads ?? a.heads,
            attn_pool_mlp_ratio: ratio(a.poolMlpDim ?? a.mlpDim, a.width),
          }
        : {}),
    },
    globalPool: pool,
    written: { ...a, layerNormEpsilon: epsilon },
    names: { kind: 'timm-eva', form: 'fused' },
    firstLayer: 'patch_embed.proj',
    classifier: 'head',
  };
}

function rope({ rope: kind, ropeTheta, ropeReference = 16 }: VitArchitecture): Arguments {
  if (kind === undefined) return { use_rot_pos_emb: false };
  const shared = { use_rot_pos_emb: true };
  if (kind === 'dinov3')
    return {
      ...shared,
      rope_type: 'dinov3',
      rope_temperature: ropeTheta ?? 100,
      rope_rotate_half: true,
    };
  return {
    ...shared,
    rope_type: 'cat',
    rope_temperature: ropeTheta ?? 10_000,
    rope_rotate_half: false,
    ref_feat_shape: [ropeReference, ropeReference],
    rope_grid_offset: kind === 'pe' ? 1 : 0,
    rope_grid_indexing: kind === 'pe' ? 'xy' : 'ij',
  };
}

function buildSwin(a: SwinArchitecture): TimmBuild {
  if (a.layerNormEpsilon !== 1e-5)
    throw cannot(`its norms add ${String(a.layerNormEpsilon)}, and those of timm's Swin 1e-5`);
  const last = a.imageSize / a.patchSize / 2 ** (a.depths.length - 1);
  if (last < a.window)
    throw cannot(
      `its last stage has ${String(last)} patches a side, and timm then takes smaller windows`,
    );
  return {
    registered: 'swin_tiny_patch4_window7_224',
    args: {
      img_size: a.imageSize,
      patch_size: a.patchSize,
      embed_dim: a.width,
      depths: a.depths,
      num_heads: a.heads,
      window_size: a.window,
      mlp_ratio: a.mlpRatio,
      qkv_bias: a.qkvBias,
    },
    globalPool: 'avg',
    written: a,
    names: { kind: 'timm' },
    firstLayer: 'patch_embed.proj',
    classifier: 'head.fc',
  };
}
