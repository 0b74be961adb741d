import { layer, layers, parameter, type Row } from '../name-table.ts';
import type { CheckpointSource } from '../source.ts';

const BLOCK = 'blocks.#.';
const QKV = ['q_proj', 'k_proj', 'v_proj'];
const under = (path: string, names: readonly string[]): string[] =>
  names.map((name) => `${path}.${name}`);

/** Attention as files have it, and as transformers 5 calls it in memory. */
const ON_DISK = {
  'attn.qkv': under('attention.attention', ['query', 'key', 'value']),
  'attn.proj': 'attention.output.dense',
} as const;
const IN_MEMORY = {
  'attn.qkv': under('attention', QKV),
  'attn.proj': 'attention.o_proj',
} as const;

const MASK = /(?:^|\.)mask_token$/;
const POOLER = /^pooler\./;
const HEAD = layer('head', 'classifier');
const BOTH_HEADS = layer('head', ['cls_classifier', 'distillation_classifier'], {
  combine: 'averaged',
});

const EMBEDDINGS = [
  parameter('cls_token', 'embeddings.cls_token'),
  parameter('dist_token', 'embeddings.distillation_token'),
  parameter('pos_embed', 'embeddings.position_embeddings'),
  ...layer('patch_embed.proj', 'embeddings.patch_embeddings.projection'),
  ...layer('norm', 'layernorm'),
];
const PATCHES = 'embeddings.patch_embeddings.projection.weight';

/** ViT and DeiT: the same names, below different towers. */
function vitOrDeit(model: 'vit' | 'deit', extra: string[], outer: Row[], heads: string[] = []) {
  const both = heads.length > 0 ? ({ pool: 'class-and-distillation' } as const) : {};
  const common = {
    writes: both,
    kind: 'huggingface',
    family: 'vit',
    model,
    tower: `${model}.`,
    outer,
    ignored: [MASK, POOLER],
    said: { layerNormEpsilon: 1e-12 },
  } as const;
  const before = { norm1: 'layernorm_before', norm2: 'layernorm_after' };
  return [
    {
      ...common,
      signature: [PATCHES, ...extra, 'encoder.layer.0.layernorm_before.weight'],
      beside: heads,
      rows: [
        ...EMBEDDINGS,
        ...layers(BLOCK, 'encoder.layer.#.', {
          ...before,
          ...ON_DISK,
          'mlp.fc1': 'intermediate.dense',
          'mlp.fc2': 'output.dense',
        }),
      ],
    },
    {
      ...common,
      signature: [PATCHES, ...extra, 'layers.0.layernorm_before.weight'],
      beside: heads,
      rows: [
        ...EMBEDDINGS,
        ...layers(BLOCK, 'layers.#.', {
          ...before,
          ...IN_MEMORY,
          'mlp.fc1': 'mlp.fc1',
          'mlp.fc2': 'mlp.fc2',
        }),
      ],
    },
  ];
}

const REGISTERS = 'embeddings.register_tokens';
/** With registers the table keeps a row for the class token, which is added to that token here. */
const FOLDED: readonly Row[] = [
  {
    name: 'cls_token',
    combine: 'added',
    stored: [
      { from: 'embeddings.cls_token', layout: 'as-stored' },
      { from: 'embeddings.position_embeddings', layout: 'first-position' },
    ],
  },
  parameter('reg_token', REGISTERS),
  parameter('pos_embed', 'embeddings.position_embeddings', { layout: 'other-positions' }),
  ...layer('patch_embed.proj', 'embeddings.patch_embeddings.projection'),
  ...layer('norm', 'layernorm'),
];

function dinov2(model: 'dinov2' | 'dinov2_with_registers') {
  const registers = model === 'dinov2_with_registers';
  const embeddings = registers ? FOLDED : EMBEDDINGS;
  const common = {
    kind: 'huggingface',
    family: 'vit',
    model,
    tower: `${model}.`,
    outer: HEAD,
    ignored: [MASK],
    said: { layerNormEpsilon: 1e-6 },
  } as const;
  const scales = ['1', '2'].map((n) =>
    parameter(`${BLOCK}ls${n}.gamma`, `encoder.layer.#.layer_scale${n}.lambda1`),
  );
  const block = (names: Readonly<Record<string, string | readonly string[]>>): Row[] => [
    ...embeddings,
    ...scales,
    ...layers(BLOCK, 'encoder.layer.#.', { norm1: 'norm1', norm2: 'norm2', ...names }),
  ];
  const start = [
    PATCHES,
    ...(registers ? [REGISTERS] : []),
    'encoder.layer.0.layer_scale1.lambda1',
  ];
  const plain = { 'mlp.fc1': 'mlp.fc1', 'mlp.fc2': 'mlp.fc2' };
  const gated = { activation: 'silu' } as const;
  return [
    {
      ...common,
      signature: [...start, 'encoder.layer.0.mlp.weights_in.weight'],
      writes: { mlp: 'packed-glu' },
      rows: block({ ...ON_DISK, 'mlp.fc1': 'mlp.weights_in', 'mlp.fc2': 'mlp.weights_out' }),
      said: { ...common.said, ...gated },
    },
    {
      ...common,
      signature: [...start, 'encoder.layer.0.mlp.gate_proj.weight'],
      writes: { mlp: 'packed-glu' },
      rows: block({
        ...IN_MEMORY,
        'mlp.fc1': ['mlp.gate_proj', 'mlp.up_proj'],
        'mlp.fc2': 'mlp.down_proj',
      }),
      said: { ...common.said, ...gated },
    },
    {
      ...common,
      signature: [...start, 'encoder.layer.0.attention.attention.query.weight'],
      rows: block({ ...ON_DISK, ...plain }),
    },
    {
      ...common,
      signature: [...start, 'encoder.layer.0.attention.q_proj.weight'],
      rows: block({ ...IN_MEMORY, ...plain }),
    },
  ];
}

/** @param path of the blocks: on disk without, in memory below `model.` */
function dinov3(path: '' | 'model.') {
  const from = `${path}layer.#.`;
  const first = `${path}layer.0.`;
  const start = ['embeddings.patch_embeddings.weight', `${first}attention.q_proj.weight`];
  const rows = (names: Readonly<Record<string, string>>): Row[] => [
    parameter('cls_token', 'embeddings.cls_token'),
    parameter('reg_token', REGISTERS),
    ...layer('patch_embed.proj', 'embeddings.patch_embeddings'),
    ...layer('norm', 'norm'),
    ...['1', '2'].map((n) => parameter(`${BLOCK}ls${n}.gamma`, `${from}layer_scale${n}.lambda1`)),
    ...layers(BLOCK, from, { norm1: 'norm1', norm2: 'norm2', ...IN_MEMORY, ...names }),
  ];
  const common = {
    kind: 'huggingface',
    family: 'vit',
    model: 'dinov3_vit',
    ignored: [MASK, /(?:^|\.)rope_embeddings\./],
    said: { layerNormEpsilon: 1e-5, rope: 'dinov3', ropeTheta: 100, imageSize: 224 },
  } as const;
  return [
    {
      ...common,
      signature: [...start, `${first}mlp.gate_proj.weight`],
      writes: { mlp: 'split-glu' },
      rows: rows({
        'mlp.fc1_g': 'mlp.gate_proj',
        'mlp.fc1_x': 'mlp.up_proj',
        'mlp.fc2': 'mlp.down_proj',
      }),
      said: { ...common.said, activation: 'silu' },
    },
    {
      ...common,
      signature: [...start, `${first}mlp.up_proj.weight`],
      rows: rows({ 'mlp.fc1': 'mlp.up_proj', 'mlp.fc2': 'mlp.down_proj' }),
    },
  ] as const;
}

const TOWER_BLOCK = 'encoder.layers.#.';
const TOWER: readonly Row[] = [
  parameter('pos_embed', 'embeddings.position_embedding.weight', { layout: 'tokens' }),
  ...layer('patch_embed.proj', 'embeddings.patch_embedding'),
  ...layers(BLOCK, TOWER_BLOCK, {
    norm1: 'layer_norm1',
    norm2: 'layer_norm2',
    'attn.qkv': under('self_attn', QKV),
    'attn.proj': 'self_attn.out_proj',
    'mlp.fc1': 'mlp.fc1',
    'mlp.fc2': 'mlp.fc2',
  }),
  ...layer('norm', 'post_layernorm'),
];
/** Of the model for pictures and texts. */
const TEXT = [
  /^text_model\./,
  /^(?:text|visual)_projection\./,
  /^logit_(?:scale|bias)$/,
  /(?:^|\.)position_ids$/,
];

const CLIP: CheckpointSource = {
  kind: 'huggingface',
  family: 'vit',
  model: 'clip',
  signature: ['embeddings.class_embedding', 'embeddings.patch_embedding.weight'],
  tower: 'vision_model.',
  rows: [
    parameter('cls_token', 'embeddings.class_embedding', { layout: 'tokens' }),
    ...layer('norm_pre', 'pre_layrnorm'),
    ...TOWER,
  ],
  // Its classifier averages patches before the last norm, which no architecture here does.
  ignored: [...TEXT, /^classifier\./],
  said: { layerNormEpsilon: 1e-5, activation: 'quick-gelu' },
};

const SIGLIP = {
  kind: 'huggingface',
  family: 'vit',
  model: 'siglip',
  tower: 'vision_model.',
  said: { layerNormEpsilon: 1e-6, activation: 'gelu-tanh' },
} as const;
const SIGLIP_PATCHES = ['embeddings.patch_embedding.weight', 'post_layernorm.weight'];
const ATTENTION_POOL: readonly Row[] = [
  parameter('attn_pool.latent', 'head.probe'),
  ...['weight', 'bias'].flatMap((kind) => [
    parameter(`attn_pool.q.${kind}`, `head.attention.in_proj_${kind}`, { layout: 'first-third' }),
    parameter(`attn_pool.kv.${kind}`, `head.attention.in_proj_${kind}`, {
      layout: 'other-thirds',
    }),
  ]),
  ...layers('attn_pool.', 'head.', {
    proj: 'attention.out_proj',
    norm: 'layernorm',
    'mlp.fc1': 'mlp.fc1',
    'mlp.fc2': 'mlp.fc2',
  }),
];

const SWIN_STAGE = 'encoder.layers.#.';
function swin(
  first: string,
  names: Readonly<Record<string, string | readonly string[]>>,
  table: string,
) {
  return {
    kind: 'huggingface',
    family: 'swin',
    model: 'swin',
    signature: [PATCHES, `encoder.layers.0.blocks.0.${first}.weight`],
    tower: 'swin.',
    rows: [
      ...layer('patch_embed.proj', 'embeddings.patch_embeddings.projection'),
      ...layer('patch_embed.norm', 'embeddings.norm'),
      ...layer('norm', 'layernorm'),
      ...layers('layers.#.blocks.#.', `${SWIN_STAGE}blocks.#.`, {
        norm1: 'layernorm_before',
        norm2: 'layernorm_after',
        ...names,
      }),
      parameter(
        'layers.#.blocks.#.attn.relative_position_bias_table',
        `${SWIN_STAGE}blocks.#.${table}`,
      ),
      ...['norm', 'reduction'].flatMap((name) =>
        layer(`layers.#.downsample.${name}`, `${SWIN_STAGE}downsample.${name}`, { shift: 1 }),
      ),
    ],
    outer: HEAD,
    ignored: [MASK, /\.relative_position_index$/, /\.attn_mask$/],
    said: { layerNormEpsilon: 1e-5 },
  } as const;
}

export const HUGGING_FACE: readonly CheckpointSource[] = [
  ...vitOrDeit('deit', ['embeddings.distillation_token'], BOTH_HEADS, ['cls_classifier.weight']),
  ...vitOrDeit('deit', ['embeddings.distillation_token'], HEAD),
  ...vitOrDeit('vit', [], HEAD),
  ...dinov2('dinov2_with_registers'),
  ...dinov2('dinov2'),
  ...dinov3(''),
  ...dinov3('model.'),
  CLIP,
  {
    ...SIGLIP,
    signature: SIGLIP_PATCHES,
    beside: ['classifier.weight'],
    rows: TOWER,
    outer: HEAD,
    // Its classifier takes the mean of the patches and passes the attention pooling by.
    ignored: [...TEXT, /^head\./],
    writes: { pool: 'mean' },
    said: { ...SIGLIP.said, pool: 'mean' },
  },
  {
    ...SIGLIP,
    signature: [...SIGLIP_PATCHES, 'head.probe'],
    rows: [...TOWER, ...ATTENTION_POOL],
    ignored: TEXT,
    writes: { pool: 'attention' },
    said: { ...SIGLIP.said, pool: 'attention' },
  },
  { ...SIGLIP, signature: SIGLIP_PATCHES, rows: TOWER, ignored: TEXT },
  swin(
    'attention.self.query',
    {
      'attn.qkv': under('attention.self', ['query', 'key', 'value']),
      'attn.proj': 'attention.output.dense',
      'mlp.fc1': 'intermediate.dense',
      'mlp.fc2': 'output.dense',
    },
    'attention.self.relative_position_bias_table',
  ),
  swin(
    'attention.q_proj',
    { ...IN_MEMORY, 'mlp.fc1': 'mlp.fc1', 'mlp.fc2': 'mlp.fc2' },
    'attention.relative_position_bias.relative_position_bias_table',
  ),
];
