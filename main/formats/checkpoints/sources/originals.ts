import { layer, layers, parameter, type Row } from '../name-table.ts';
import type { CheckpointSource } from '../source.ts';

const BLOCK = 'blocks.#.';
const PATCHES = 'patch_embed.proj.weight';
const NORMS = { norm1: 'norm1', norm2: 'norm2' };
const ATTENTION = { 'attn.qkv': 'attn.qkv', 'attn.proj': 'attn.proj' };
const MLP = { 'mlp.fc1': 'mlp.fc1', 'mlp.fc2': 'mlp.fc2' };
const PACKED = { 'mlp.fc1': 'mlp.w12', 'mlp.fc2': 'mlp.w3' };
const scales = (from: (n: string) => string): Row[] =>
  ['1', '2'].map((n) => parameter(`${BLOCK}ls${n}.gamma`, `${BLOCK}${from(n)}`));
const SCALES = scales((n) => `ls${n}.gamma`);
const STEM = layers('', '', { 'patch_embed.proj': 'patch_embed.proj', norm: 'norm' });
const TOKENS = [parameter('cls_token', 'cls_token'), parameter('pos_embed', 'pos_embed')];
/** Of training alone: what masked patches are, heads of DINO and iBOT. */
const TRAINING = [/^mask_token$/, /^(?:dino|ibot)_head\./];
const HEAD = layer('head', 'head');

/** Meta's DINOv2: with registers the table keeps a row for the class token, added to it here. */
const FOLDED: readonly Row[] = [
  {
    name: 'cls_token',
    combine: 'added',
    stored: [
      { from: 'cls_token', layout: 'as-stored' },
      { from: 'pos_embed', layout: 'first-position' },
    ],
  },
  parameter('reg_token', 'register_tokens'),
  parameter('pos_embed', 'pos_embed', { layout: 'other-positions' }),
];

const DINOV2 = { kind: 'original', family: 'vit', ignored: TRAINING } as const;
const dinov2 = (embeddings: readonly Row[], mlp: Readonly<Record<string, string>>): Row[] => [
  ...embeddings,
  ...STEM,
  ...HEAD,
  ...SCALES,
  ...layers(BLOCK, BLOCK, { ...NORMS, ...ATTENTION, ...mlp }),
];
const GATED = { activation: 'silu' } as const;

/** Meta's DINOv3, whose q, k and v have one bias with a mask over that of k. */
const DINOV3 = {
  kind: 'original',
  family: 'vit',
  ignored: [...TRAINING, /\.bias_mask$/, /^rope_embed\./, /^local_cls_norm\./, /^projectors\./],
  said: { layerNormEpsilon: 1e-5, rope: 'dinov3', ropeTheta: 100, imageSize: 224 },
} as const;
const DINOV3_ROWS: readonly Row[] = [
  parameter('cls_token', 'cls_token'),
  parameter('reg_token', 'storage_tokens'),
  ...STEM,
  ...SCALES,
  ...layers(BLOCK, BLOCK, { ...NORMS, 'attn.proj': 'attn.proj' }),
  parameter(`${BLOCK}attn.qkv.weight`, `${BLOCK}attn.qkv.weight`),
  {
    name: `${BLOCK}attn.qkv.bias`,
    combine: 'stacked',
    stored: [
      { from: `${BLOCK}attn.qkv.bias`, layout: 'first-third' },
      { from: `${BLOCK}attn.qkv.bias`, layout: 'zeros-of-third' },
      { from: `${BLOCK}attn.qkv.bias`, layout: 'last-third' },
    ],
  },
];

export const ORIGINALS: readonly CheckpointSource[] = [
  {
    ...DINOV3,
    signature: [PATCHES, 'storage_tokens', 'blocks.0.mlp.w1.weight'],
    rows: [
      ...DINOV3_ROWS,
      ...layers(BLOCK, BLOCK, {
        'mlp.fc1_g': 'mlp.w1',
        'mlp.fc1_x': 'mlp.w2',
        'mlp.fc2': 'mlp.w3',
      }),
    ],
    said: { ...DINOV3.said, ...GATED },
  },
  {
    ...DINOV3,
    signature: [PATCHES, 'storage_tokens', 'blocks.0.mlp.fc1.weight'],
    rows: [...DINOV3_ROWS, ...layers(BLOCK, BLOCK, MLP)],
  },
  {
    ...DINOV2,
    signature: [PATCHES, 'register_tokens', 'blocks.0.mlp.w12.weight'],
    rows: dinov2(FOLDED, PACKED),
    said: GATED,
  },
  {
    ...DINOV2,
    signature: [PATCHES, 'register_tokens', 'blocks.0.mlp.fc1.weight'],
    rows: dinov2(FOLDED, MLP),
  },
  {
    ...DINOV2,
    signature: [PATCHES, 'blocks.0.mlp.w12.weight'],
    rows: dinov2(TOKENS, PACKED),
    said: GATED,
  },
  {
    ...DINOV2,
    signature: [PATCHES, 'mask_token', 'blocks.0.ls1.gamma'],
    rows: dinov2(TOKENS, MLP),
  },
  // DeiT-III, which differs from timm's form of it by the names of LayerScale.
  {
    kind: 'original',
    family: 'vit',
    signature: [
      PATCHES,
      'pos_embed',
      'blocks.0.gamma_1',
      'blocks.0.attn.qkv.bias',
      'blocks.0.mlp.fc1.weight',
    ],
    without: ['norm_pre.weight'],
    rows: [
      ...TOKENS,
      ...STEM,
      ...HEAD,
      ...scales((n) => `gamma_${n}`),
      ...layers(BLOCK, BLOCK, { ...NORMS, ...ATTENTION, ...MLP }),
    ],
  },
];
