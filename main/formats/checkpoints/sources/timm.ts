import { layer, layers, parameter, type Row } from '../name-table.ts';
import type { CheckpointSource } from '../source.ts';
import { BESIDE_IMAGES } from './text-tower.ts';

/** Canonical names are timm's: the rows say so name by name, in both directions. */
const own = (...names: readonly string[]): Row[] => names.map((name) => parameter(name, name));
const ownLayers = (path: string, ...names: readonly string[]): Row[] =>
  names.flatMap((name) => layer(path + name, path + name));

const BLOCK = 'blocks.#.';
const STEM = [
  ...own('cls_token', 'dist_token', 'reg_token', 'pos_embed'),
  ...ownLayers('', 'patch_embed.proj', 'norm_pre', 'norm', 'fc_norm'),
  ...own('attn_pool.latent'),
  ...ownLayers('attn_pool.', 'q', 'kv', 'proj', 'norm', 'mlp.fc1', 'mlp.fc2'),
];
const SHARED = [
  ...ownLayers(BLOCK, 'norm1', 'norm2', 'attn.proj', 'attn.q_norm', 'attn.k_norm', 'attn.norm'),
  ...ownLayers(BLOCK, 'mlp.fc1', 'mlp.fc1_g', 'mlp.fc1_x', 'mlp.norm', 'mlp.fc2'),
];
const FUSED = ownLayers(BLOCK, 'attn.qkv');
/** timm's Eva has LayerScale as two vectors of the block. */
const GAMMAS = [1, 2].map((n) =>
  parameter(`${BLOCK}ls${String(n)}.gamma`, `${BLOCK}gamma_${String(n)}`),
);
const LAYER_SCALE = own(`${BLOCK}ls1.gamma`, `${BLOCK}ls2.gamma`);

const HEAD = layer('head', 'head');
/** What is derived or serves training alone, and what open_clip has around a tower of timm's. */
const IGNORED = [
  /(?:^|\.)mask_token$/,
  /(?:^|\.)rope(?:_embed)?\./,
  /^pre_logits\./,
  ...BESIDE_IMAGES,
  /^visual\.head\./,
];

const PATCHES = 'patch_embed.proj.weight';
const EVA = { kind: 'timm-eva', family: 'vit', ignored: IGNORED } as const;

export const TIMM: readonly CheckpointSource[] = [
  {
    ...EVA,
    signature: [PATCHES, 'blocks.0.attn.q_proj.weight'],
    writes: { form: 'split' },
    rows: [
      ...STEM,
      ...SHARED,
      ...layers(BLOCK, BLOCK, { 'attn.qkv': ['attn.q_proj', 'attn.k_proj', 'attn.v_proj'] }),
      ...GAMMAS,
      ...HEAD,
    ],
  },
  {
    ...EVA,
    signature: [PATCHES, 'blocks.0.attn.q_bias'],
    writes: { form: 'separate-bias' },
    rows: [
      ...STEM,
      ...SHARED,
      parameter(`${BLOCK}attn.qkv.weight`, `${BLOCK}attn.qkv.weight`),
      {
        name: `${BLOCK}attn.qkv.bias`,
        combine: 'stacked',
        stored: ['q', 'k', 'v'].map((part) => ({
          ...{ from: `${BLOCK}attn.${part}_bias`, layout: 'as-stored', optional: true },
        })),
      },
      ...GAMMAS,
      ...HEAD,
    ],
  },
  {
    ...EVA,
    signature: [PATCHES, 'blocks.0.gamma_1'],
    writes: { form: 'fused' },
    rows: [...STEM, ...SHARED, ...FUSED, ...GAMMAS, ...HEAD],
  },
  {
    ...EVA,
    signature: [PATCHES, 'norm_pre.weight', 'attn_pool.latent'],
    rows: [...STEM, ...SHARED, ...FUSED, ...HEAD],
  },
  {
    kind: 'timm',
    family: 'vit',
    signature: [PATCHES, 'dist_token', 'head_dist.weight'],
    writes: { pool: 'class-and-distillation' },
    rows: [
      ...STEM,
      ...SHARED,
      ...FUSED,
      ...LAYER_SCALE,
      ...layer('head', ['head', 'head_dist'], { combine: 'averaged' }),
    ],
    ignored: IGNORED,
  },
  {
    kind: 'timm',
    family: 'vit',
    signature: [PATCHES, 'blocks.0.norm1.weight'],
    rows: [...STEM, ...SHARED, ...FUSED, ...LAYER_SCALE, ...HEAD],
    ignored: IGNORED,
  },
];

const STAGE = 'layers.#.';
const SWIN = [
  ...ownLayers('', 'patch_embed.proj', 'patch_embed.norm', 'norm'),
  ...ownLayers(
    `${STAGE}blocks.#.`,
    'norm1',
    'norm2',
    'attn.qkv',
    'attn.proj',
    'mlp.fc1',
    'mlp.fc2',
  ),
  ...own(`${STAGE}blocks.#.attn.relative_position_bias_table`),
];
const MERGING = ['norm', 'reduction'] as const;
const BUFFERS = [/\.relative_position_index$/, /\.attn_mask$/];

export const TIMM_SWIN: readonly CheckpointSource[] = [
  {
    kind: 'timm',
    family: 'swin',
    writes: { form: 'former' },
    // Before timm 0.9, and in the originals, patches are merged at the end of a stage.
    signature: [PATCHES, 'layers.0.blocks.0.norm1.weight', 'layers.0.downsample.reduction.weight'],
    rows: [
      ...SWIN,
      ...MERGING.flatMap((name) =>
        layer(`${STAGE}downsample.${name}`, `${STAGE}downsample.${name}`, { shift: 1 }),
      ),
      ...HEAD,
    ],
    ignored: BUFFERS,
  },
  {
    kind: 'timm',
    family: 'swin',
    signature: [PATCHES, 'layers.0.blocks.0.norm1.weight'],
    rows: [
      ...SWIN,
      ...MERGING.flatMap((name) => ownLayers(`${STAGE}downsample.`, name)),
      ...layer('head', 'head.fc'),
    ],
    ignored: BUFFERS,
  },
];
