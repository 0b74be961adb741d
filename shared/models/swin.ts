import * as v from 'valibot';
import type { CommonArchitecture, FamilySpec } from './family.ts';
import { headTensors } from './head.ts';
import { commonFields, fixedLinear, linear, linearTensors, norm, tensor, whole } from './layers.ts';
import type { LinearSpec, TensorSpec } from './spec.ts';

/**
 * A Swin transformer of the first version (arXiv 2103.14030) as timm builds it: stages of blocks
 * with attention in windows, every second one shifted, and half as many patches a side and twice
 * the width in the next stage; the features are the mean of the patches after the last norm.
 */
export interface SwinArchitecture extends CommonArchitecture {
  readonly family: 'swin';
  /** Divides `imageSize`. */
  readonly patchSize: number;
  /** Of the first stage (timm's `embed_dim`). */
  readonly width: number;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Attention heads of each stage. */
  readonly heads: readonly number[];
  /** Patches along a side of an attention window. */
  readonly window: number;
  /** Hidden width of a block's MLP over the width of its stage. */
  readonly mlpRatio: number;
  readonly qkvBias: boolean;
}

const stages = v.pipe(v.array(whole(1, 1024)), v.minLength(1), v.maxLength(8), v.readonly());

const fields = {
  ...commonFields,
  depths: stages,
  heads: stages,
  window: whole(1, 1024),
  mlpRatio: v.pipe(v.number(), v.gtValue(0), v.maxValue(64)),
};

/** One stage: blocks of one width on one grid. */
export interface Stage {
  readonly index: number;
  /** Path of its layers, under timm's names. */
  readonly path: string;
  readonly depth: number;
  readonly heads: number;
  readonly width: number;
  readonly mlpDim: number;
  /** Patches along a side. */
  readonly side: number;
  /** The same, filled up to whole windows. */
  readonly paddedSide: number;
  /** Patches by which every second block shifts its windows: 0 where there is only one. */
  readonly shift: number;
}

export function stagesOf(a: SwinArchitecture): Stage[] {
  return a.depths.map((depth, index) => {
    const width = a.width * 2 ** index;
    const side = a.imageSize / a.patchSize / 2 ** index;
    return {
      index,
      path: `layers.${String(index)}`,
      depth,
      heads: a.heads[index] ?? 1,
      width,
      mlpDim: Math.trunc(width * a.mlpRatio),
      side,
      paddedSide: Math.ceil(side / a.window) * a.window,
      shift: side > a.window ? Math.floor(a.window / 2) : 0,
    };
  });
}

const blocksOf = (stage: Stage): string[] =>
  Array.from({ length: stage.depth }, (_, index) => `${stage.path}.blocks.${String(index)}`);

/** Pixels of an image for a patch of the last stage. */
const lastPatch = ({ patchSize, depths }: SwinArchitecture): number =>
  patchSize * 2 ** (depths.length - 1);

function contradictionIn(a: SwinArchitecture): string | null {
  if (a.heads.length !== a.depths.length)
    return `heads of ${String(a.heads.length)} stages and blocks of ${String(a.depths.length)}`;
  if (a.imageSize % lastPatch(a) !== 0)
    return `${String(a.imageSize)} pixels by patches of ${String(lastPatch(a))} in the last stage`;
  const all = stagesOf(a);
  const uneven = all.find(({ width, heads }) => width % heads !== 0);
  if (uneven !== undefined)
    return `width ${String(uneven.width)} by ${String(uneven.heads)} heads in a stage`;
  const small = all.find(({ side }) => side < a.window);
  return small === undefined
    ? null
    : `windows of ${String(a.window)} patches a side in a stage with ${String(small.side)}`;
}

function linearsOf(a: SwinArchitecture, { width: d, mlpDim: h }: Stage, block: string) {
  return {
    qkv: linear(block, 'attn.qkv', [d, 3 * d], { parts: 3, bias: a.qkvBias }),
    proj: linear(block, 'attn.proj', [d, d]),
    fc1: linear(block, 'mlp.fc1', [d, h]),
    fc2: linear(block, 'mlp.fc2', [h, d]),
  };
}

function blockTensors(a: SwinArchitecture, stage: Stage, block: string): TensorSpec[] {
  const { qkv, proj, fc1, fc2 } = linearsOf(a, stage, block);
  const offsets = (2 * a.window - 1) ** 2;
  return [
    ...norm(`${block}.norm1`, stage.width),
    tensor(`${block}.attn.relative_position_bias_table`, [offsets, stage.heads], 'embedding'),
    ...linearTensors(qkv),
    ...linearTensors(proj),
    ...norm(`${block}.norm2`, stage.width),
    ...linearTensors(fc1),
    ...linearTensors(fc2),
  ];
}

/** The merging of 2 × 2 patches with which a stage but the first begins. */
function mergingTensors({ index, path, width }: Stage): TensorSpec[] {
  if (index === 0) return [];
  return [
    ...norm(`${path}.downsample.norm`, 2 * width),
    ...fixedLinear(`${path}.downsample.reduction`, [2 * width, width], false),
  ];
}

const lastWidth = ({ width, depths }: SwinArchitecture): number => width * 2 ** (depths.length - 1);

export const swin: FamilySpec<SwinArchitecture> = {
  family: 'swin',
  title: 'Swin transformer',
  fields,

  contradiction: contradictionIn,

  tensors: (a, classes) => [
    tensor('patch_embed.proj.weight', [a.width, 3, a.patchSize, a.patchSize], 'matrix'),
    tensor('patch_embed.proj.bias', [a.width], 'bias'),
    ...norm('patch_embed.norm', a.width),
    ...stagesOf(a).flatMap((stage) => [
      ...mergingTensors(stage),
      ...blocksOf(stage).flatMap((block) => blockTensors(a, stage, block)),
    ]),
    ...norm('norm', lastWidth(a)),
    ...(classes > 0 ? headTensors(lastWidth(a), classes) : []),
  ],

  linears: (a) =>
    stagesOf(a).flatMap((stage) =>
      blocksOf(stage).flatMap((block): LinearSpec[] => Object.values(linearsOf(a, stage, block))),
    ),

  blocks: ({ depths }) => depths.reduce((sum, depth) => sum + depth, 0),
  tokens: (a) => {
    const side = a.imageSize / a.patchSize;
    return { prefix: 0, grid: [side, side] };
  },
  rows: (a) => Math.max(...stagesOf(a).map(({ paddedSide }) => paddedSide ** 2)),
  takesAnyPatches: false,
  width: lastWidth,
  patch: ({ patchSize }) => patchSize,
  sizeStep: lastPatch,
  leastSize: (a) => a.window * lastPatch(a),

  facts: (a) => [
    { name: 'firstWidth', value: a.width },
    { name: 'depths', value: a.depths },
    { name: 'heads', value: a.heads },
    { name: 'window', value: a.window },
    { name: 'mlpRatio', value: a.mlpRatio },
    { name: 'qkvBias', value: a.qkvBias },
  ],
};
