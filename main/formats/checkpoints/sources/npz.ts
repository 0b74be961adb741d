import { parameter, type Row } from '../name-table.ts';
import type { LayoutName } from '../layouts.ts';
import type { CheckpointSource } from '../source.ts';

/** Numbers of Flax's modules in a block, which differ between the first code and big_vision. */
interface Numbers {
  readonly attention: number;
  readonly norm2: number;
  readonly mlp: number;
}
const FIRST: Numbers = { attention: 1, norm2: 2, mlp: 3 };
const BIG_VISION: Numbers = { attention: 0, norm2: 1, mlp: 0 };

const norm = (name: string, from: string): Row[] => [
  parameter(`${name}.weight`, `${from}/scale`),
  parameter(`${name}.bias`, `${from}/bias`),
];
const dense = (name: string, from: string, layout: LayoutName = 'transposed'): Row[] => [
  parameter(`${name}.weight`, `${from}/kernel`, { layout }),
  parameter(`${name}.bias`, `${from}/bias`),
];
const inward = (name: string, from: string, parts: readonly string[]): Row[] => [
  parameter(
    `${name}.weight`,
    parts.map((part) => `${from}/${part}/kernel`),
    { layout: 'input-kernel' },
  ),
  parameter(
    `${name}.bias`,
    parts.map((part) => `${from}/${part}/bias`),
    { layout: 'flat' },
  ),
];

function block(path: string, { attention, norm2, mlp }: Numbers): Row[] {
  const name = 'blocks.#.';
  const heads = `${path}/MultiHeadDotProductAttention_${String(attention)}`;
  const hidden = `${path}/MlpBlock_${String(mlp)}`;
  return [
    ...norm(`${name}norm1`, `${path}/LayerNorm_0`),
    ...norm(`${name}norm2`, `${path}/LayerNorm_${String(norm2)}`),
    ...inward(`${name}attn.qkv`, heads, ['query', 'key', 'value']),
    ...dense(`${name}attn.proj`, `${heads}/out`, 'output-kernel'),
    ...dense(`${name}mlp.fc1`, `${hidden}/Dense_0`),
    ...dense(`${name}mlp.fc2`, `${hidden}/Dense_1`),
  ];
}

const POOL = 'MAPHead_0';
const POOL_HEADS = `${POOL}/MultiHeadDotProductAttention_0`;
const POOL_ROWS: readonly Row[] = [
  parameter('attn_pool.latent', `${POOL}/probe`, { layout: 'tokens' }),
  ...inward('attn_pool.q', POOL_HEADS, ['query']),
  ...inward('attn_pool.kv', POOL_HEADS, ['key', 'value']),
  ...dense('attn_pool.proj', `${POOL_HEADS}/out`, 'output-kernel'),
  ...norm('attn_pool.norm', `${POOL}/LayerNorm_0`),
  ...dense('attn_pool.mlp.fc1', `${POOL}/MlpBlock_0/Dense_0`),
  ...dense('attn_pool.mlp.fc2', `${POOL}/MlpBlock_0/Dense_1`),
];

const common = (positions: string): Row[] => [
  parameter('cls_token', 'cls', { layout: 'tokens' }),
  parameter('pos_embed', positions, { layout: 'tokens' }),
  ...dense('patch_embed.proj', 'embedding', 'image-kernel'),
  ...norm('norm', 'Transformer/encoder_norm'),
  ...dense('head', 'head'),
];
const stacked = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, blocks: true }));

const NPZ = {
  kind: 'npz',
  family: 'vit',
  // Beside it the text tower of SigLIP, its temperature and bias.
  tower: 'img/',
  ignored: [/^pre_logits\//, /^txt\//, /^[tb]$/],
} as const;
const FIRST_POSITIONS = 'Transformer/posembed_input/pos_embedding';

/** Google's checkpoints: of the first code, and of big_vision with blocks apart or stacked. */
export const NPZ_SOURCES: readonly CheckpointSource[] = [
  {
    ...NPZ,
    signature: ['embedding/kernel', FIRST_POSITIONS],
    rows: [...common(FIRST_POSITIONS), ...block('Transformer/encoderblock_#', FIRST)],
  },
  {
    ...NPZ,
    signature: ['embedding/kernel', 'Transformer/encoderblock/LayerNorm_0/scale'],
    rows: [
      ...common('pos_embedding'),
      ...POOL_ROWS,
      ...stacked(block('Transformer/encoderblock', BIG_VISION)),
    ],
  },
  {
    ...NPZ,
    signature: ['embedding/kernel', 'Transformer/encoderblock_0/LayerNorm_0/scale'],
    rows: [
      ...common('pos_embedding'),
      ...POOL_ROWS,
      ...block('Transformer/encoderblock_#', BIG_VISION),
    ],
  },
];
