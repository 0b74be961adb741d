import { entryOf } from './json.ts';
import type { DescribedNetwork, Traits } from './described.ts';
import type { TimmArgs } from './timm-args.ts';

/** Numbers of timm's sizes: width and heads. */
const SIZES: Readonly<Record<string, readonly [width: number, heads: number]>> = {
  wee: [256, 4],
  tiny: [192, 3],
  xsmall: [256, 4],
  little: [320, 5],
  small: [384, 6],
  small_plus: [384, 6],
  medium: [512, 8],
  mediumd: [512, 8],
  betwixt: [640, 10],
  base: [768, 12],
  so150m: [896, 14],
  so150m2: [832, 13],
  large: [1024, 16],
  so400m: [1152, 16],
  huge: [1280, 16],
  huge_plus: [1280, 20],
  giant: [1408, 16],
  giantopt: [1536, 16],
  gigantic: [1664, 16],
  '7b': [4096, 32],
};
const SWIN: Readonly<Record<string, readonly [width: number, heads: readonly number[]]>> = {
  tiny: [96, [3, 6, 12, 24]],
  small: [96, [3, 6, 12, 24]],
  base: [128, [4, 8, 16, 32]],
  large: [192, [6, 12, 24, 48]],
};

interface Rule {
  readonly name: RegExp;
  readonly module: TimmModule;
  readonly args?: TimmArgs;
  /** What its weights have or lack beside the plain ones. */
  readonly traits?: Traits;
  /** The head of its weights compares pictures with texts. */
  readonly projection?: true;
}
export type TimmModule = 'vit' | 'deit' | 'eva' | 'swin';

const CLIP = { pre_norm: true, eps: 1e-5 } as const;
const GIANT: TimmArgs = { embed_dim: 1536, num_heads: 24, act_layer: 'silu' };
const ROPE: TimmArgs = { use_rot_pos_emb: true, ref_feat_shape: 16 };
const PE: TimmArgs = {
  ...{ eps: 1e-5, use_rot_pos_emb: true, rope_grid_offset: 1, rope_grid_indexing: 'xy' },
};
const PE_POOL: TimmArgs = { ...PE, attn_pool_num_heads: 8, global_pool: 'map' };
/** Trained for its tokens: no attention pool. */
const PE_TOKENS: TimmArgs = { global_pool: 'avg', ref_feat_shape: 32 };
const DINOV3: TimmArgs = {
  ...{ eps: 1e-5, use_rot_pos_emb: true, rope_type: 'dinov3', rope_temperature: 100 },
  ...{ rope_rotate_half: true, global_pool: 'avg', img_size: 256 },
};

/** What the names of timm's registry imply beside their size: the first that fits. */
const RULES: readonly Rule[] = [
  { name: /^deit3?_.*_distilled_/, module: 'deit', traits: { distillationToken: true } },
  { name: /^deit3?_/, module: 'vit' },
  {
    name: /_pe_(?:spatial|lang)_/,
    module: 'eva',
    args: { ...PE, ...PE_TOKENS },
    traits: { preNorm: true },
  },
  {
    name: /_pe_core_base_/,
    module: 'eva',
    args: { ...PE_POOL, ref_feat_shape: 14 },
    traits: { preNorm: true },
    projection: true,
  },
  {
    name: /_pe_core_/,
    module: 'eva',
    args: { ...PE_POOL, ref_feat_shape: 24 },
    traits: { preNorm: true },
    projection: true,
  },
  {
    name: /_patch\d+_dinov3(?:_|$)/,
    module: 'eva',
    args: DINOV3,
    traits: { positions: false },
  },
  {
    name: /^eva02_.*_clip_/,
    module: 'eva',
    args: { ...ROPE, global_pool: 'token' },
    traits: { eva: true },
    projection: true,
  },
  { name: /^eva02_/, module: 'eva', args: { ...ROPE, global_pool: 'avg' }, traits: { eva: true } },
  {
    name: /^eva_giant_.*_clip_/,
    module: 'eva',
    args: { global_pool: 'token' },
    traits: { eva: true },
    projection: true,
  },
  { name: /^eva_giant_/, module: 'eva', args: { global_pool: 'avg' }, traits: { eva: true } },
  { name: /^eva_large_/, module: 'vit', args: { global_pool: 'avg' } },
  {
    name: /_rope_reg\d_gap_/,
    module: 'eva',
    args: { ...ROPE, global_pool: 'avg' },
    traits: { eva: true },
  },
  {
    name: /_clip_quickgelu_/,
    module: 'vit',
    args: { ...CLIP, act_layer: 'quick_gelu' },
    traits: { preNorm: true },
    projection: true,
  },
  {
    name: /_plus_clip_/,
    module: 'vit',
    args: { ...CLIP, embed_dim: 896, num_heads: 14 },
    traits: { preNorm: true },
    projection: true,
  },
  { name: /_clip_/, module: 'vit', args: CLIP, traits: { preNorm: true }, projection: true },
  {
    name: /^vit_(?:giantopt_patch16|so400m_patch16|base_patch32)_siglip_|_large_patch16_siglip_(?:gap_)?512$/,
    module: 'vit',
    args: { act_layer: 'gelu_tanh' },
    traits: { classToken: false },
  },
  { name: /_siglip_/, module: 'vit', traits: { classToken: false } },
  { name: /^vit_giant_.*_dinov2$/, module: 'vit', args: GIANT },
  { name: /^vit_giant_.*_tipsv2$/, module: 'vit', args: GIANT },
  { name: /_(?:dinov2|tipsv2)$/, module: 'vit' },
  { name: /^vit_base_patch16_gap_/, module: 'vit', args: { num_heads: 16 } },
  { name: /_reg\d_map_/, module: 'vit' },
  { name: /_gap_/, module: 'vit' },
  { name: /^vit_base_patch\d+_plus_/, module: 'vit', args: { embed_dim: 896, num_heads: 14 } },
  { name: /^vit_[a-z]+_patch\d+_(?:\d+|224_miil|36x1_224)$/, module: 'vit' },
  { name: /^swin_(?:tiny|small|base|large)_patch\d+_window\d+_\d+$/, module: 'swin' },
];

/** Names that look like a supported one and are built otherwise, with what they are. */
const OTHER: readonly (readonly [RegExp, string])[] = [
  [/^swinv2_/, 'a Swin transformer of the second version'],
  [/^swin_s3_/, 'a Swin transformer with windows of several sizes'],
  [/_rope_(?!reg)|_rope_mixed_/, 'a ViT with rotary positions of its own kind'],
  [
    /_pe_[a-z]+_gigantic_/,
    'a Perception Encoder of the largest size, whose rotary positions begin at 0',
  ],
  [/^vit_(?:dwee|dlittle|pwee|dpwee)_|_xp_|_rpn_|_18x2_/, 'a ViT with blocks of another kind'],
  [/^eva02_enormous_/, 'an EVA-02 with norms after the branches'],
  [/^(?:convnext|aimv2|beit|hiera|naflexvit)/, 'not a plain vision transformer'],
];

export interface RegisteredModel {
  readonly module: TimmModule;
  readonly describes: Omit<DescribedNetwork, 'called'>;
  readonly args: TimmArgs;
  readonly projection: boolean;
}

/**
 * What timm builds by a registered name, such as `vit_tiny_patch16_224.augreg_in21k`, as far as
 * weights do not tell it; null for names that are not known here.
 */
export function registeredModel(name: string): RegisteredModel | null {
  const [registered = '', tag = ''] = name.split('.');
  const rule = RULES.find(({ name: pattern }) => pattern.test(registered));
  if (rule === undefined) return null;
  const { module, args = {}, traits = {}, projection = false } = rule;
  const [, size = '', patch = ''] =
    /^[a-z0-9]+?_(?:pe_[a-z]+_)?([a-z0-9_]+?)_patch(\d+)/.exec(
      registered.replace('_distilled', ''),
    ) ?? [];
  return {
    module,
    describes: { family: module === 'swin' ? 'swin' : 'vit', traits },
    args: { ...numbersOf(module, size, registered), patch_size: Number(patch), ...args },
    projection: projection && !tag.includes('ft_in'),
  };
}

function numbersOf(module: TimmModule, size: string, name: string): TimmArgs {
  if (module !== 'swin') {
    const [width, heads] = entryOf(SIZES, size) ?? [];
    return width === undefined || heads === undefined ? {} : { embed_dim: width, num_heads: heads };
  }
  const [width, heads] = entryOf(SWIN, size) ?? [];
  const [, window, side] = /_window(\d+)_(\d+)/.exec(name) ?? [];
  return width === undefined || heads === undefined
    ? {}
    : {
        ...{ embed_dim: width, num_heads: heads, eps: 1e-5 },
        ...{ window_size: Number(window), img_size: Number(side) },
      };
}

/** What a name of timm's says that is no backbone here; null where it says nothing of the kind. */
export function otherModel(name: string): string | null {
  const [registered = ''] = name.split('.');
  return OTHER.find(([pattern]) => pattern.test(registered))?.[1] ?? null;
}
