import type { Provenance } from '../../../shared/domain/backbone.ts';
import { vit, type VitArchitecture } from '../../../shared/models/vit.ts';
import {
  checkTensors,
  refuse,
  type CheckpointSources,
  type Recognised,
  type TensorTable,
} from './family.ts';
import type { Said } from '../../../shared/domain/said.ts';
import { Settling } from './settle.ts';
import type { Translation } from './translate.ts';

const PATCHES = 'patch_embed.proj.weight';
const POSITIONS = 'pos_embed';
const QKV = 'blocks.0.attn.qkv';

/** Heads by width, where they are not of 64 channels. */
const HEADS: Readonly<Record<number, number>> = {
  1152: 16,
  1280: 16,
  1408: 16,
  1664: 16,
  4096: 32,
};

/** What names and shapes tell. */
type Shape = Omit<VitArchitecture, 'heads' | 'layerNormEpsilon' | 'imageSize'> & {
  /** That the patches of the position embeddings fill; null without them. */
  readonly imageSize: number | null;
};

/** A vision transformer: what its tensors tell, and for the rest who says it. */
export function recogniseVit(
  path: string,
  { source, tensors, called }: Translation,
  sources: CheckpointSources,
): Recognised<VitArchitecture> {
  // Of the tower itself, also where open_clip has put it into a model of its own.
  const { kind } = source;
  const settling = new Settling(sources, source.said);
  const has = (name: string): boolean => tensors.has(name);
  const shape = shapeOf(path, tensors);
  const rope = ropeOf(settling, kind === 'timm-eva', shape);
  const gated = shape.mlp !== undefined;
  const activation = settling.settle('activation', gated ? 'silu' : 'gelu');
  const pool = pooling(settling, kind, tensors, shape);
  requirePool(path, pool, shape, has);
  const head = tensors.get('head.weight')?.shape ?? [];
  const kept = keepsHead(pool, head, shape.width) && !isProjection(sources);
  const values: PoolValues =
    pool === 'attention'
      ? attentionPool(settling, kind, tensors, rope)
      : pool === 'mean'
        ? meanPool(settling, shape)
        : {};
  const { mlpDim } = shape;
  const { heads, headsFrom } = headsOf(path, shape, rope.rope, settling);
  const { poolHeads, poolMlpDim, poolPrefix } = values;
  const architecture: VitArchitecture = {
    ...shape,
    imageSize: sizeOf(shape, settling),
    heads,
    layerNormEpsilon: settling.settle(
      'layerNormEpsilon',
      shape.preNorm === true || rope.rope === 'dinov3' ? 1e-5 : 1e-6,
    ),
    classes: kept ? (head[0] ?? 0) : 0,
    ...rope,
    ...(activation === 'gelu' ? {} : { activation }),
    ...(pool === 'class' ? {} : { pool }),
    ...(poolHeads === undefined || poolHeads === heads ? {} : { poolHeads }),
    ...(poolMlpDim === undefined || poolMlpDim === mlpDim ? {} : { poolMlpDim }),
    ...(poolPrefix === true ? { poolPrefix } : {}),
  };
  // What another pool or another head leaves over.
  const needed = new Map(
    [...tensors].filter(
      ([name]) =>
        (kept || !name.startsWith('head.')) &&
        (pool === 'attention' || !name.startsWith('attn_pool.')),
    ),
  );
  checkTensors(path, needed, vit.tensors(architecture, architecture.classes), called);
  return { architecture, headsFrom, assumed: settling.assumed };
}

/** The size that is said, where it has as many whole patches as there are position embeddings. */
function sizeOf({ imageSize, patchSize }: Shape, settling: Settling): number {
  if (imageSize === null) return settling.settle('imageSize', 14 * patchSize);
  const said = settling.said('imageSize');
  const patches = Math.floor((said?.value ?? 0) / patchSize);
  // A size of another grid belongs to another checkpoint.
  if (said === null || patches * patchSize !== imageSize) return imageSize;
  const told = said.value === imageSize && said.from !== 'option';
  return told ? imageSize : settling.note('imageSize', said.value, said.from);
}

/** The shape of a required tensor of a given rank. */
function need(path: string, tensors: TensorTable, name: string, rank: number): readonly number[] {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw refuse(
      'format-unknown',
      path,
      `no vision transformer that is known: the tensor ${name} is missing.`,
    );
  if (tensor.shape.length !== rank)
    throw refuse(
      'format-unsupported',
      path,
      `the tensor ${name} has the shape (${tensor.shape.join(', ')}), expected ${rank} dimensions.`,
    );
  return tensor.shape;
}

function shapeOf(path: string, tensors: TensorTable): Shape {
  const has = (name: string): boolean => tensors.has(name);
  if (tensors.get(PATCHES)?.shape.length === 2)
    throw refuse(
      'format-unsupported',
      path,
      'its patches go through a linear layer: it is a model of the NaFlex kind (SigLIP 2), which takes images in their own proportions.',
      'Use a SigLIP 2 of a fixed size, such as google/siglip2-base-patch16-224.',
    );
  const [width = 0, channels, height = 1, across] = need(path, tensors, PATCHES, 4);
  if (channels !== 3 || height !== across)
    throw refuse(
      'format-unsupported',
      path,
      `the tensor ${PATCHES} has the shape (${[width, channels, height, across].join(', ')}); three channels and square patches are supported.`,
    );
  need(path, tensors, `${QKV}.weight`, 2);
  const registers = has('reg_token') ? (need(path, tensors, 'reg_token', 3)[1] ?? 0) : 0;
  const tokens = { classToken: has('cls_token'), distillationToken: has('dist_token'), registers };
  const { grid, patchPositions } = positionsOf(path, tensors, tokens);
  return {
    family: 'vit',
    imageSize: grid === null ? null : grid * height,
    patchSize: height,
    width,
    depth: depthOf(tensors),
    ...mlpOf(path, tensors),
    qkvBias: has(`${QKV}.bias`),
    classes: 0,
    ...flags({
      layerScale: has('blocks.0.ls1.gamma'),
      distillationToken: tokens.distillationToken,
      patchPositions,
      preNorm: has('norm_pre.weight'),
      qkNorm: has('blocks.0.attn.q_norm.weight'),
      attentionNorm: has('blocks.0.attn.norm.weight'),
      mlpNorm: has('blocks.0.mlp.norm.weight'),
      pooledNorm: has('fc_norm.weight') && !has('norm.weight'),
    }),
    ...(tokens.classToken ? {} : { classToken: false }),
    ...(registers > 0 ? { registers } : {}),
    ...(grid === null ? { positions: 'none' } : {}),
    ...(has('patch_embed.proj.bias') ? {} : { patchBias: false }),
    ...(has('norm.weight') || has('fc_norm.weight') ? {} : { lastNorm: false }),
  };
}

/** Those that are set; the others are left out. */
function flags<K extends string>(given: Readonly<Record<K, boolean>>): Partial<Record<K, true>> {
  return Object.fromEntries(Object.entries(given).filter(([, set]) => set)) as Partial<
    Record<K, true>
  >;
}

function depthOf(tensors: TensorTable): number {
  let depth = 0;
  for (const name of tensors.keys()) {
    const index = /^blocks\.(\d{1,4})\./.exec(name)?.[1];
    if (index !== undefined) depth = Math.max(depth, Number(index) + 1);
  }
  return depth;
}

function mlpOf(path: string, tensors: TensorTable): Pick<VitArchitecture, 'mlpDim' | 'mlp'> {
  const [, mlpDim = 0] = need(path, tensors, 'blocks.0.mlp.fc2.weight', 2);
  if (tensors.has('blocks.0.mlp.fc1_g.weight')) return { mlpDim, mlp: 'split-glu' };
  const [rows = 0] = need(path, tensors, 'blocks.0.mlp.fc1.weight', 2);
  return rows === 2 * mlpDim ? { mlpDim, mlp: 'packed-glu' } : { mlpDim };
}

interface Tokens {
  readonly classToken: boolean;
  readonly distillationToken: boolean;
  readonly registers: number;
}

/** Patches along a side, and whether they alone have position embeddings, which is usual beside registers. */
function positionsOf(
  path: string,
  tensors: TensorTable,
  { classToken, distillationToken, registers }: Tokens,
): { grid: number | null; patchPositions: boolean } {
  if (!tensors.has(POSITIONS)) return { grid: null, patchPositions: false };
  const [, tokens = 0] = need(path, tensors, POSITIONS, 3);
  const prefix = Number(classToken) + Number(distillationToken) + registers;
  const alone = { grid: Math.sqrt(tokens), patchPositions: prefix > 0 };
  const withAll = { grid: Math.sqrt(tokens - prefix), patchPositions: false };
  const ways = registers > 0 ? [alone, withAll] : [withAll, alone];
  const found = ways.find(({ grid }) => Number.isInteger(grid) && grid >= 1);
  if (found === undefined && prefix === 0 && Number.isInteger(Math.sqrt(tokens - 1)))
    need(path, tensors, 'cls_token', 3);
  if (found === undefined)
    throw refuse(
      'format-unsupported',
      path,
      `${POSITIONS} has ${tokens} tokens that are not a square of patches${prefix === 0 ? '' : `, with or without the ${prefix} before them`}.`,
    );
  return found;
}

function ropeOf(
  settling: Settling,
  eva: boolean,
  shape: Shape,
): Pick<VitArchitecture, 'rope' | 'ropeTheta' | 'ropeReference'> {
  // The networks of most sources have none, whoever asks.
  if (!eva && settling.said('rope') === null) return {};
  const gated = shape.mlp !== undefined;
  const alone = shape.classToken === false ? 'eva' : 'dinov3';
  const beside = shape.preNorm ? 'pe' : gated ? 'eva' : 'none';
  const rope = settling.settle('rope', shape.positions === 'none' ? alone : beside);
  if (rope === 'none') return {};
  const usual = rope === 'dinov3' ? 100 : 10_000;
  const theta = settling.settle('ropeTheta', usual);
  const reference =
    rope === 'dinov3'
      ? 16
      : settling.settle(
          'ropeReference',
          rope === 'pe' ? (shape.imageSize ?? 0) / shape.patchSize : 16,
        );
  return {
    rope,
    ...(theta === usual ? {} : { ropeTheta: theta }),
    ...(reference === 16 ? {} : { ropeReference: reference }),
  };
}

function pooling(
  settling: Settling,
  kind: Translation['kind'],
  tensors: TensorTable,
  shape: Shape,
): NonNullable<Said['pool']> {
  const said = settling.said('pool');
  // timm calls it "token", too, when it averages the heads of both tokens.
  if (
    kind === 'timm' &&
    shape.distillationToken &&
    said?.value === 'class' &&
    said.from !== 'option'
  )
    return settling.note('pool', 'class-and-distillation', said.from);
  return settling.settle('pool', poolOf(tensors, shape));
}

/** What becomes the features, as far as tensors tell. */
function poolOf(tensors: TensorTable, shape: Shape): NonNullable<Said['pool']> {
  if (tensors.has('attn_pool.latent')) return 'attention';
  const [, inputs] = tensors.get('head.weight')?.shape ?? [];
  if (inputs === 2 * shape.width)
    return shape.distillationToken ? 'class-and-distillation' : 'class-and-mean';
  return shape.classToken === false || shape.pooledNorm ? 'mean' : 'class';
}

/** @throws format-unsupported when the weights cannot be pooled so */
function requirePool(
  path: string,
  pool: NonNullable<Said['pool']>,
  shape: Shape,
  has: (name: string) => boolean,
): void {
  const missing =
    pool === 'attention' && !has('attn_pool.latent')
      ? 'an attention pool'
      : pool.startsWith('class') && shape.classToken === false
        ? 'a class token'
        : pool === 'class-and-distillation' && !shape.distillationToken
          ? 'a distillation token'
          : null;
  if (missing !== null)
    throw refuse(
      'format-unsupported',
      path,
      `its features are to come from ${missing} (${pool}), which the weights do not have.`,
      'Choose another pooling, or correct the configuration beside the file.',
    );
}

/** Whether the head fits the features: a pooling that was changed leaves it behind. */
function keepsHead(
  pool: NonNullable<Said['pool']>,
  head: readonly number[],
  width: number,
): boolean {
  const joined = pool === 'class-and-distillation' || pool === 'class-and-mean';
  return head.length === 2 && head[1] === (joined ? 2 : 1) * width;
}

function isProjection({ config, metadata }: CheckpointSources): boolean {
  return (config ?? metadata)?.projection === true;
}

interface PoolValues {
  readonly poolHeads?: number;
  readonly poolMlpDim?: number;
  readonly poolPrefix?: boolean;
}

function attentionPool(
  settling: Settling,
  kind: Translation['kind'],
  tensors: TensorTable,
  { rope }: Pick<VitArchitecture, 'rope'>,
): PoolValues {
  const [poolMlpDim] = tensors.get('attn_pool.mlp.fc1.weight')?.shape ?? [];
  const heads = settling.said('poolHeads')?.value ?? (rope === 'pe' ? 8 : undefined);
  return {
    ...(poolMlpDim === undefined ? {} : { poolMlpDim }),
    ...(heads === undefined ? {} : { poolHeads: settling.settle('poolHeads', heads) }),
    poolPrefix: settling.settle('poolPrefix', kind === 'timm-eva'),
  };
}

/** Mostly of the patches alone, so that it is only told where somebody says it. */
function meanPool(settling: Settling, { classToken, registers = 0 }: Shape): PoolValues {
  const prefix = classToken !== false || registers > 0;
  return prefix && settling.said('poolPrefix') !== null
    ? { poolPrefix: settling.settle('poolPrefix', false) }
    : {};
}

/** Heads of a shape that is known; null for others. */
function usualHeads({ width, classToken }: Shape, rope: VitArchitecture['rope']): number | null {
  if (rope === 'dinov3' && width === 1280) return 20;
  // The giant SigLIP and the largest Perception Encoder; DINOv2's has heads of 64.
  if (width === 1536 && (classToken === false || rope === 'pe')) return 16;
  return HEADS[width] ?? (width % 64 === 0 ? width / 64 : null);
}

function headsOf(
  path: string,
  shape: Shape,
  rope: VitArchitecture['rope'],
  settling: Settling,
): { heads: number; headsFrom: Provenance } {
  const usual = usualHeads(shape, rope);
  if (settling.said('heads') === null && usual === null)
    throw refuse(
      'heads-unknown',
      path,
      `the number of attention heads cannot be inferred from the width ${shape.width}.`,
      "Specify it, or put the model's config.json beside the file.",
      '--heads',
    );
  const heads = settling.settle('heads', usual ?? 1);
  const headsFrom = settling.from('heads');
  if (
    typeof heads !== 'number' ||
    !Number.isInteger(heads) ||
    heads < 1 ||
    shape.width % heads !== 0
  )
    throw refuse(
      'heads-unknown',
      path,
      `${String(heads)} attention heads do not divide the width ${shape.width} (said by ${headsFrom === 'option' ? 'you' : headsFrom}).`,
      'Correct the number of heads.',
    );
  return { heads, headsFrom };
}
