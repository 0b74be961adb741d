import type { Preprocessing, VitArchitecture } from '../../shared/domain/architecture.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { vitTensorShapes } from '../../shared/domain/karst-shapes.ts';
import type { Provenance } from '../../shared/domain/library.ts';
import { headsOfTimmName, isOnlyBuiltAs, type TimmConfig } from './timm-config.ts';

/** Names, data types and shapes of a file's tensors, as `SafetensorsFile.tensors` has them. */
export type TensorTable = ReadonlyMap<
  string,
  { readonly dtype: string; readonly shape: readonly number[] }
>;

export interface RecognisedVit {
  readonly architecture: VitArchitecture;
  readonly preprocessing: Preprocessing;
  readonly dtype: 'F32' | 'F16' | 'BF16';
  readonly timmName: string | null;
  readonly headsFrom: Provenance;
  readonly preprocessingFrom: Provenance;
}

const DTYPES = ['F32', 'F16', 'BF16'] as const;
const HINT =
  'Take the safetensors file of a plain timm vision transformer, such as vit_base_patch16_224.';

function refuse(
  code: 'format-unsupported' | 'format-unknown' | 'file-damaged' | 'heads-unknown',
  path: string,
  sentence: string,
  hint = HINT,
): KarstError {
  return new KarstError(code, `${path}: ${sentence}`, { hint, path });
}

/** Tensors that only other kinds of model have, with what they mean. */
const VARIANTS: readonly (readonly [RegExp, string])[] = [
  [/^dist_token$|^head_dist\./, 'a distilled DeiT (it has a distillation token)'],
  [/^reg_token$/, 'a ViT with register tokens'],
  [/^norm_pre\./, 'a ViT with a norm before its first block (CLIP)'],
  [/^fc_norm\./, 'a ViT that averages its tokens instead of using a class token'],
  [/^attn_pool\./, 'a ViT with attention pooling'],
  [/^pre_logits\./, 'a ViT with a layer between its class token and its head'],
  [/^blocks\.\d+\.ls[12]\./, 'a ViT with layer scale'],
  [/^blocks\.\d+\.attn\.[qk]_norm\./, 'a ViT that normalises queries and keys'],
  [/^blocks\.\d+\.mlp\.(fc1_g|fc1_x|w12|w3|norm)\b/, 'a ViT with a gated MLP'],
  [/^layers\.\d+\.blocks\./, 'a Swin transformer'],
  [/^stages\.\d+\./, 'a network in stages, not a plain ViT'],
];

function refuseOthers(path: string, tensors: TensorTable): void {
  const names = [...tensors.keys()];
  if (
    names.some(
      (n) =>
        /(^|\.)embeddings\.(cls_token|patch_embeddings)/.test(n) ||
        /(^|\.)encoder\.layer\.\d+\./.test(n),
    )
  )
    throw refuse(
      'format-unsupported',
      path,
      'its tensors have Hugging Face names, which this version does not take yet.',
      'Load the same model with timm and save its state_dict with safetensors.torch.save_file.',
    );
  if (names.some((n) => /\.(karst_[abc]|lora_[AB]|lokr_w[12])/.test(n)))
    throw refuse(
      'format-unsupported',
      path,
      'it holds an adapter, not a backbone.',
      'Import adapters with `karst adapter import`.',
    );
  for (const [pattern, what] of VARIANTS) {
    const name = names.find((n) => pattern.test(n));
    if (name !== undefined)
      throw refuse(
        'format-unsupported',
        path,
        `this is ${what} (tensor ${name}), which this version cannot adapt.`,
      );
  }
}

/** The shape of a tensor that must be there with so many dimensions. */
function need(path: string, tensors: TensorTable, name: string, rank: number): readonly number[] {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw refuse(
      'format-unknown',
      path,
      `no plain timm vision transformer: the tensor ${name} is missing.`,
    );
  if (tensor.shape.length !== rank)
    throw refuse(
      'format-unsupported',
      path,
      `the tensor ${name} has the shape (${tensor.shape.join(', ')}), expected ${rank} dimensions.`,
    );
  return tensor.shape;
}

/**
 * Compares every tensor with what the architecture needs: none missing, none unexpected, shapes equal,
 * F32, F16 or BF16 throughout. The head may be left out when `architecture.classes` is 0.
 * @throws file-damaged, format-unsupported with the tensor, the expected and the found shape
 */
export function checkVitTensors(path: string, tensors: TensorTable, a: VitArchitecture): void {
  const expected = vitTensorShapes(a);
  for (const [name, shape] of expected) {
    const found = tensors.get(name);
    if (found === undefined)
      throw refuse(
        'file-damaged',
        path,
        `the tensor ${name} of shape (${shape.join(', ')}) is missing.`,
        'Take a fresh copy of the backbone.',
      );
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i]))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${name} has the shape (${found.shape.join(', ')}), expected (${shape.join(', ')}).`,
      );
    if (!DTYPES.some((d) => d === found.dtype))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${name} is stored as ${found.dtype}; F32, F16 and BF16 are taken.`,
      );
  }
  for (const name of tensors.keys())
    if (!expected.has(name))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${name} does not belong to a plain timm vision transformer.`,
      );
}

function recogniseHeads(
  path: string,
  width: number,
  sources: VitSources,
): { heads: number; headsFrom: Provenance } {
  const said: [number | null | undefined, Provenance][] = [
    [sources.heads, 'option'],
    [sources.config?.heads, 'config.json'],
    [
      (sources.config?.architecture && headsOfTimmName(sources.config.architecture, width)) || null,
      'config.json',
    ],
    [sources.metadata?.heads, 'metadata'],
    [
      (sources.metadata?.architecture && headsOfTimmName(sources.metadata.architecture, width)) ||
        null,
      'metadata',
    ],
    [width % 64 === 0 ? width / 64 : null, 'default'],
  ];
  const [heads, headsFrom] = said.find(([n]) => typeof n === 'number') ?? [null, 'default'];
  if (typeof heads !== 'number')
    throw refuse(
      'heads-unknown',
      path,
      `the number of attention heads cannot be told from the width ${width}.`,
      "Say it with --heads, or put timm's config.json beside the file.",
    );
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw refuse(
      'heads-unknown',
      path,
      `${heads} attention heads do not divide the width ${width} (said by ${headsFrom === 'option' ? '--heads' : headsFrom}).`,
      'Correct the number of heads.',
    );
  return { heads, headsFrom };
}

export interface VitSources {
  /** Number of heads that the user says. */
  readonly heads?: number | undefined;
  /** timm's `config.json` beside the file. */
  readonly config?: TimmConfig | null;
  /** The same from the file's own metadata. */
  readonly metadata?: TimmConfig | null;
}

/** timm's defaults for a ViT of the augreg family. */
export const DEFAULT_PREPROCESSING = {
  interpolation: 'bicubic',
  cropFraction: 0.9,
  cropMode: 'center',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
} as const;

/**
 * Recognises a plain timm ViT (class token, learned position embeddings, pre-norm) by names and shapes alone.
 * Heads and preprocessing, which shapes do not tell, come from `sources`, in the order option, config,
 * metadata, default (width / 64 heads).
 * @throws format-unknown, format-unsupported, file-damaged with a sentence that names the tensor
 */
export function recogniseTimmVit(
  path: string,
  tensors: TensorTable,
  sources: VitSources = {},
): RecognisedVit {
  refuseOthers(path, tensors);
  const [width, channels, patchHeight, patchWidth] = need(
    path,
    tensors,
    'patch_embed.proj.weight',
    4,
  ) as [number, number, number, number];
  if (channels !== 3 || patchHeight !== patchWidth)
    throw refuse(
      'format-unsupported',
      path,
      `the tensor patch_embed.proj.weight has the shape (${width}, ${channels}, ${patchHeight}, ${patchWidth}); three channels and square patches are taken.`,
    );
  const [, tokens] = need(path, tensors, 'pos_embed', 3) as [number, number, number];
  need(path, tensors, 'cls_token', 3);
  const grid = Math.sqrt(tokens - 1);
  if (!Number.isInteger(grid) || grid < 1)
    throw refuse(
      'format-unsupported',
      path,
      `pos_embed has ${tokens} tokens, which is not one class token and a square of patches.`,
    );
  need(path, tensors, 'blocks.0.attn.qkv.weight', 2);
  const [hidden] = need(path, tensors, 'blocks.0.mlp.fc1.weight', 2) as [number, number];
  const blocks = new Set<number>();
  for (const name of tensors.keys()) {
    const index = /^blocks\.(\d{1,4})\./.exec(name)?.[1];
    if (index !== undefined) blocks.add(Number(index));
  }
  const head = tensors.get('head.weight');
  const pool = sources.config?.globalPool ?? sources.metadata?.globalPool ?? 'token';
  if (pool !== 'token')
    throw refuse(
      'format-unsupported',
      path,
      `its configuration names global pooling "${pool}"; only the class token is taken.`,
    );
  const imageSize = grid * patchHeight;
  const architecture: VitArchitecture = {
    family: 'vit',
    imageSize,
    patchSize: patchHeight,
    width,
    depth: Math.max(...blocks) + 1,
    hidden,
    qkvBias: tensors.has('blocks.0.attn.qkv.bias'),
    classes: head === undefined ? 0 : (head.shape[0] ?? 0),
    layerNormEpsilon: 1e-6,
    heads: 1,
  };
  checkVitTensors(path, tensors, architecture);
  const { heads, headsFrom } = recogniseHeads(path, width, sources);
  const said = sources.config?.preprocessing ?? sources.metadata?.preprocessing ?? null;
  const name = sources.config?.architecture ?? sources.metadata?.architecture ?? null;
  return {
    architecture: { ...architecture, heads },
    // The position embeddings say the size; an input_size of another size belongs to another checkpoint.
    preprocessing: { ...DEFAULT_PREPROCESSING, ...said, imageSize },
    dtype: tensors.get('blocks.0.attn.qkv.weight')?.dtype as RecognisedVit['dtype'],
    timmName: name !== null && isOnlyBuiltAs(name, architecture) ? null : name,
    headsFrom,
    preprocessingFrom:
      said === null ? 'default' : sources.config?.preprocessing ? 'config.json' : 'metadata',
  };
}
