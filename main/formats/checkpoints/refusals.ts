import type { KarstError } from '../../../shared/domain/errors.ts';
import { refuse } from './family.ts';

interface Foreign {
  /** Of a tensor that only such models have. */
  readonly name: RegExp;
  /** What was found, as the end of "this is …". */
  readonly what: string;
  readonly hint: string;
}

const PLAIN =
  'Use a ViT, DeiT, DINOv2, DINOv3, CLIP, SigLIP, EVA-02, Perception Encoder or Swin (first version).';

/** Models that people try and that are no backbone here, the special before the general. */
const FOREIGN: readonly Foreign[] = [
  {
    name: /(?:^|[._])(?:karst_[abc]|lora_[AB]|lokr_w[12]|hada_w[12]_[ab]|lora_magnitude_vector)\b/,
    what: 'an adapter, not a backbone',
    hint: 'Import adapters with `karst adapter import`.',
  },
  {
    name: /\.(?:cpb_mlp|continuous_position_bias_mlp)\./,
    what: 'a Swin transformer of the second version',
    hint: 'Use a Swin transformer of the first version, such as swin_tiny_patch4_window7_224.',
  },
  {
    name: /(?:^|\.)(?:decoder_embed|decoder_blocks|decoder\.decoder_embed|decoder\.decoder_layers)\b/,
    what: 'a masked autoencoder with its decoder',
    hint: 'Take the encoder alone: the file without the tensors whose names begin with decoder.',
  },
  {
    name: /\.(?:conv_dw|dwconv|pwconv1)\.|\.grn\./,
    what: 'a ConvNeXt, which has no attention to adapt',
    hint: PLAIN,
  },
  {
    name: /(?:^|\.)stages\.\d+\.|(?:^|\.)layer4\.\d+\.conv\d/,
    what: 'a network of convolutions or of other stages, not a vision transformer',
    hint: PLAIN,
  },
  {
    name: /\.relative_position_bias_table$|(?:^|\.)rel_pos_bias\./,
    what: 'a BEiT, whose attention has a bias for every pair of places',
    hint: PLAIN,
  },
  {
    name: /(?:^|\.)attn_pool\.(?:probe|attn)\b/,
    what: "a Perception Encoder in its authors' names",
    hint: "Get the same model from timm's page on the Hugging Face hub, such as vit_pe_core_base_patch16_224.",
  },
  {
    name: /(?:^|\.)blocks\.\d+\.(?:attn\.w[qkv]|ffn)\./,
    what: 'a Sapiens, whose attention shares keys and values between heads',
    hint: PLAIN,
  },
  {
    name: /(?:^|\.)(?:word_embeddings|embed_tokens|token_embedding|wte)\b|(?:^|\.)text_model\./,
    what: 'a model for text, without a tower for images',
    hint: PLAIN,
  },
  {
    name: /(?:^|\.)pre_logits\./,
    what: 'a ViT with a layer between its class token and its head',
    hint: 'Take the file without pre_logits and head: the studio trains a head of its own.',
  },
];

/** The error for a model that is known and no backbone here; null when none of them is recognised. */
export function foreignModel(path: string, names: readonly string[]): KarstError | null {
  for (const { name: pattern, what, hint } of FOREIGN) {
    const name = names.find((one) => pattern.test(one));
    if (name !== undefined)
      return refuse('format-unsupported', path, `this is ${what} (tensor ${name}).`, hint);
  }
  return null;
}

/** The error for names of no source. */
export function unknownModel(path: string, names: readonly string[]): KarstError {
  const some = names.slice(0, 3).join(', ');
  return (
    foreignModel(path, names) ??
    refuse(
      'format-unknown',
      path,
      names.length === 0
        ? 'it holds no tensors.'
        : `no vision transformer that is known: its tensors are called ${some}${names.length > 3 ? ` and ${names.length - 3} more` : ''}.`,
    )
  );
}
