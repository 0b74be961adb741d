import { layers, parameter, type Row } from '../name-table.ts';
import type { CheckpointSource } from '../source.ts';
import { BESIDE_IMAGES } from './text-tower.ts';

const BLOCK = 'blocks.#.';
const FROM = 'transformer.resblocks.#.';

const ROWS: readonly Row[] = [
  parameter('cls_token', 'class_embedding', { layout: 'tokens' }),
  parameter('pos_embed', 'positional_embedding', { layout: 'tokens' }),
  parameter('patch_embed.proj.weight', 'conv1.weight'),
  ...layers('', '', { norm_pre: 'ln_pre', norm: 'ln_post' }),
  ...layers(BLOCK, FROM, {
    norm1: 'ln_1',
    norm2: 'ln_2',
    'attn.proj': 'attn.out_proj',
    'mlp.fc1': 'mlp.c_fc',
    'mlp.fc2': 'mlp.c_proj',
  }),
  ...['weight', 'bias'].map((kind) =>
    parameter(`${BLOCK}attn.qkv.${kind}`, `${FROM}attn.in_proj_${kind}`),
  ),
  ...['1', '2'].map((n) => parameter(`${BLOCK}ls${n}.gamma`, `${FROM}ls_${n}.gamma`)),
];

/** CLIP's own names: OpenAI's checkpoints and those of open_clip's own towers. */
export const OPEN_CLIP: CheckpointSource = {
  kind: 'open_clip',
  family: 'vit',
  signature: ['conv1.weight', 'class_embedding', 'transformer.resblocks.0.ln_1.weight'],
  tower: 'visual.',
  rows: ROWS,
  // The projection for comparing with texts, and the text tower.
  ignored: [/^proj$/, ...BESIDE_IMAGES],
  said: { layerNormEpsilon: 1e-5 },
};
