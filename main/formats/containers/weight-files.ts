/** The weights of a model as a library keeps them in its folder. */
export interface WeightFiles {
  /** The file that stands for the model: the weights, or the index of their parts. */
  readonly main: string;
  /** Of its parts. */
  readonly parts?: RegExp;
  /** Whose configurations belong beside it. */
  readonly library: 'huggingface' | 'open_clip';
}

/** In the order in which they are preferred, as the libraries do. */
export const WEIGHT_FILES: readonly WeightFiles[] = [
  { main: 'model.safetensors', library: 'huggingface' },
  {
    main: 'model.safetensors.index.json',
    parts: /^model-\d+-of-\d+\.safetensors$/,
    library: 'huggingface',
  },
  { main: 'open_clip_model.safetensors', library: 'open_clip' },
  { main: 'pytorch_model.bin', library: 'huggingface' },
  {
    main: 'pytorch_model.bin.index.json',
    parts: /^pytorch_model-\d+-of-\d+\.bin$/,
    library: 'huggingface',
  },
  { main: 'open_clip_pytorch_model.bin', library: 'open_clip' },
];

/** The preferred weights among the names of a folder's files; null when none is a library's. */
export function preferredWeights(names: Iterable<string>): WeightFiles | null {
  const there = new Set(names);
  return WEIGHT_FILES.find(({ main }) => there.has(main)) ?? null;
}
