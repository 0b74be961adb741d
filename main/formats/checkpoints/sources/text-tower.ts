/** What files of open_clip have beside the tower for images: the text tower, and the comparison of both. */
export const BESIDE_IMAGES: readonly RegExp[] = [
  /^(?:transformer|token_embedding|ln_final|text)\./,
  /^(?:positional_embedding|text_projection(?:\.weight)?|logit_scale|logit_bias|attn_mask)$/,
  /^(?:input_resolution|context_length|vocab_size)$/,
];
