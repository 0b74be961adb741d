/** Weights in the order in which they are preferred, each with the configurations that it needs. */
const HUGGING_FACE = ['config.json', 'preprocessor_config.json'];
const OPEN_CLIP = ['open_clip_config.json'];
const KINDS: readonly { readonly weights: RegExp; readonly beside: readonly string[] }[] = [
  { weights: /^model\.safetensors$/, beside: HUGGING_FACE },
  {
    weights: /^model(\.safetensors\.index\.json|-\d+-of-\d+\.safetensors)$/,
    beside: HUGGING_FACE,
  },
  { weights: /^open_clip_model\.safetensors$/, beside: OPEN_CLIP },
  { weights: /^pytorch_model\.bin$/, beside: HUGGING_FACE },
  { weights: /^open_clip_pytorch_model\.bin$/, beside: OPEN_CLIP },
];

/**
 * The files of a model that are needed: the best weights that there are and their configurations,
 * never all. Empty when there are no weights.
 */
export function neededFiles<F extends { readonly path: string }>(
  files: readonly F[],
): readonly F[] {
  for (const { weights, beside } of KINDS) {
    const found = files.filter(({ path }) => weights.test(path));
    if (found.length > 0) return [...found, ...files.filter(({ path }) => beside.includes(path))];
  }
  return [];
}

/** Of `neededFiles`, the one that stands for the model: the index of parts, else the weights. */
export function mainFile<F extends { readonly path: string }>(needed: readonly F[]): F | undefined {
  return needed.find(({ path }) => path.endsWith('.index.json')) ?? needed[0];
}
