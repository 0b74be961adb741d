import type { Provenance } from '../../../shared/domain/backbone.ts';
import { vit, type VitArchitecture } from '../../../shared/models/vit.ts';
import {
  checkTensors,
  refuse,
  type CheckpointFamily,
  type CheckpointSources,
  type Recognised,
  type TensorTable,
} from './family.ts';

/** Tensors that only other kinds of model have, with what they mean. */
const VARIANTS: readonly (readonly [RegExp, string])[] = [
  [/^dist_token$|^head_dist\./, 'a distilled DeiT (it has a distillation token)'],
  [/^norm_pre\./, 'a ViT with a norm before its first block (CLIP)'],
  [/^fc_norm\./, 'a ViT that averages its tokens instead of using a class token'],
  [/^attn_pool\./, 'a ViT with attention pooling'],
  [/^pre_logits\./, 'a ViT with a layer between its class token and its head'],
  [/^blocks\.\d+\.attn\.[qk]_norm\./, 'a ViT that normalizes queries and keys'],
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
      'its tensors have Hugging Face names, which this version does not support yet.',
      'Get the same model from "timm" on the Hugging Face hub: the model.safetensors and config.json of its page, in one folder.',
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

/** The shape of a required tensor of a given rank. */
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

/** Heads by size in timm's registry (`vision_transformer.py`); the width guards against another model's name. */
const TIMM_SIZES = new Map<string, { width: number; heads: number }>([
  ['tiny', { width: 192, heads: 3 }],
  ['small', { width: 384, heads: 6 }],
  ['medium', { width: 512, heads: 8 }],
  ['base', { width: 768, heads: 12 }],
  ['large', { width: 1024, heads: 16 }],
  ['huge', { width: 1280, heads: 16 }],
]);

/** Heads of a registered name such as `vit_tiny_patch16_224.augreg_in21k`; null when it says nothing for this width. */
function headsOfTimmName(name: string, width: number): number | null {
  const size = /^(?:vit|deit)_([a-z]+)_patch/.exec(name)?.[1];
  const known = size === undefined ? undefined : TIMM_SIZES.get(size);
  return known?.width === width ? known.heads : null;
}

function recogniseHeads(
  path: string,
  width: number,
  sources: CheckpointSources,
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
      `the number of attention heads cannot be inferred from the width ${width}.`,
      "Specify it, or put timm's config.json beside the file.",
      '--heads',
    );
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw refuse(
      'heads-unknown',
      path,
      `${heads} attention heads do not divide the width ${width} (said by ${headsFrom === 'option' ? 'you' : headsFrom}).`,
      'Correct the number of heads.',
    );
  return { heads, headsFrom };
}

/** Of timm's registered names those whose networks differ in numbers alone, which `model_args` can say. */
const REGISTERED = ['tiny', 'small', 'base', 'large'] as const;

/** The registered name that is nearest: one of the same width where there is one. */
function registeredName(a: VitArchitecture): string {
  const size = REGISTERED.find((name) => TIMM_SIZES.get(name)?.width === a.width) ?? 'base';
  return `vit_${size}_patch16_224`;
}

/** Whether a name of timm's says another width or another size of patches: then it only says how the model is built. */
function isOnlyBuiltAs(name: string, a: VitArchitecture): boolean {
  const [, size = '', patch = ''] = /^(?:vit|deit)_([a-z]+)_patch(\d+)/.exec(name) ?? [];
  const width = TIMM_SIZES.get(size)?.width;
  return width !== undefined && (width !== a.width || Number(patch) !== a.patchSize);
}

/** timm takes the whole part of width · ratio, which must be `mlpDim` whatever the rounding. */
function mlpRatio({ mlpDim, width }: VitArchitecture): number {
  const ratio = mlpDim / width;
  return Math.trunc(width * ratio) === mlpDim ? ratio : (mlpDim + 0.5) / width;
}

/** Of the tensors that tell what the network is. */
const PATCHES = 'patch_embed.proj.weight';
const QKV = 'blocks.0.attn.qkv';

/**
 * A timm ViT: class token, learned position embeddings, norms before the branches; registers and LayerScale or not. When nothing says how many
 * heads there are, it is width / 64.
 */
function recognise(
  path: string,
  tensors: TensorTable,
  sources: CheckpointSources,
): Recognised<VitArchitecture> {
  refuseOthers(path, tensors);
  const [width, channels, patchHeight, patchWidth] = need(path, tensors, PATCHES, 4) as [
    number,
    number,
    number,
    number,
  ];
  if (channels !== 3 || patchHeight !== patchWidth)
    throw refuse(
      'format-unsupported',
      path,
      `the tensor ${PATCHES} has the shape (${width}, ${channels}, ${patchHeight}, ${patchWidth}); three channels and square patches are supported.`,
    );
  const [, tokens] = need(path, tensors, 'pos_embed', 3) as [number, number, number];
  need(path, tensors, 'cls_token', 3);
  const registers = tensors.has('reg_token') ? (need(path, tensors, 'reg_token', 3)[1] ?? 0) : 0;
  const { grid, patchPositions } = positionsOf(path, tokens, registers);
  need(path, tensors, `${QKV}.weight`, 2);
  const [mlpDim] = need(path, tensors, 'blocks.0.mlp.fc1.weight', 2) as [number, number];
  const blocks = new Set<number>();
  for (const name of tensors.keys()) {
    const index = /^blocks\.(\d{1,4})\./.exec(name)?.[1];
    if (index !== undefined) blocks.add(Number(index));
  }
  const pool = sources.config?.globalPool ?? sources.metadata?.globalPool ?? 'token';
  if (pool !== 'token')
    throw refuse(
      'format-unsupported',
      path,
      `its configuration names global pooling "${pool}"; only the class token is supported.`,
    );
  const architecture: VitArchitecture = {
    family: 'vit',
    imageSize: grid * patchHeight,
    patchSize: patchHeight,
    width,
    depth: Math.max(...blocks) + 1,
    heads: 1,
    mlpDim,
    qkvBias: tensors.has(`${QKV}.bias`),
    classes: tensors.get('head.weight')?.shape[0] ?? 0,
    layerNormEpsilon: 1e-6,
    ...(tensors.has('blocks.0.ls1.gamma') ? { layerScale: true } : {}),
    ...(registers > 0 ? { registers } : {}),
    ...(patchPositions ? { patchPositions } : {}),
  };
  checkTensors(path, tensors, vit.tensors(architecture, architecture.classes), vit.title);
  const { heads, headsFrom } = recogniseHeads(path, width, sources);
  const name = sources.config?.architecture ?? sources.metadata?.architecture ?? null;
  return {
    architecture: { ...architecture, heads },
    headsFrom,
    timmName: name !== null && isOnlyBuiltAs(name, architecture) ? null : name,
  };
}

/** Patches along a side, and whether they alone have position embeddings, which is usual beside registers. */
function positionsOf(
  path: string,
  tokens: number,
  registers: number,
): { grid: number; patchPositions: boolean } {
  const prefix = 1 + registers;
  const alone = { grid: Math.sqrt(tokens), patchPositions: true };
  const withAll = { grid: Math.sqrt(tokens - prefix), patchPositions: false };
  const ways = registers > 0 ? [alone, withAll] : [withAll, alone];
  const found = ways.find(({ grid }) => Number.isInteger(grid) && grid >= 1);
  if (found === undefined)
    throw refuse(
      'format-unsupported',
      path,
      `pos_embed has ${tokens} tokens that are not a square of patches, with or without the ${prefix} before them.`,
    );
  return found;
}

export const timmVit: CheckpointFamily<VitArchitecture> = {
  anchor: PATCHES,
  recognise,
  timmBuild: (a) => ({
    registered: registeredName(a),
    args: {
      img_size: a.imageSize,
      patch_size: a.patchSize,
      embed_dim: a.width,
      depth: a.depth,
      num_heads: a.heads,
      mlp_ratio: mlpRatio(a),
      qkv_bias: a.qkvBias,
      // Any number but 0 builds the layer; the weights are in the file.
      ...(a.layerScale ? { init_values: 1e-5 } : {}),
      ...(a.registers === undefined ? {} : { reg_tokens: a.registers }),
      ...(a.patchPositions ? { no_embed_class: true } : {}),
    },
    firstLayer: 'patch_embed.proj',
    classifier: 'head',
  }),
};
