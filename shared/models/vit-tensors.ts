import { headTensors } from './head.ts';
import { fixedLinear, linear, linearTensors, norm, tensor } from './layers.ts';
import type { LinearSpec, TensorSpec } from './spec.ts';
import { patchesAlong, prefixOf, type VitArchitecture } from './vit-architecture.ts';

/** Number of features for the head. */
export function vitFeatures({ width, pool }: VitArchitecture): number {
  return pool === 'class-and-distillation' || pool === 'class-and-mean' ? 2 * width : width;
}

/** Every tensor under timm's name. @param classes outputs of the head; 0 leaves the head out */
export function vitTensors(a: VitArchitecture, classes: number): TensorSpec[] {
  const { width: d, patchSize: p } = a;
  return [
    ...tokenTensors(a),
    tensor('patch_embed.proj.weight', [d, 3, p, p], 'matrix'),
    ...(a.patchBias === false ? [] : [tensor('patch_embed.proj.bias', [d], 'bias')]),
    ...(a.preNorm ? norm('norm_pre', d) : []),
    ...Array.from({ length: a.depth }, (_, index) => blockTensors(a, index)).flat(),
    ...(a.pooledNorm || a.lastNorm === false ? [] : norm('norm', d)),
    ...(a.pool === 'attention' ? attentionPool(a) : []),
    ...(a.pooledNorm ? norm('fc_norm', d) : []),
    ...(classes > 0 ? headTensors(vitFeatures(a), classes) : []),
  ];
}

export function vitLinears(a: VitArchitecture): LinearSpec[] {
  return Array.from({ length: a.depth }, (_, index) => {
    const { qkv, proj, into, fc2 } = blockLinears(a, index);
    return [qkv, proj, ...into, fc2];
  }).flat();
}

/** Tokens without patches, and the position embeddings. */
function tokenTensors(a: VitArchitecture): TensorSpec[] {
  const { width: d, registers = 0 } = a;
  const token = (name: string, count = 1): TensorSpec => tensor(name, [1, count, d], 'embedding');
  const prefix = a.patchPositions ? 0 : prefixOf(a);
  const side = patchesAlong(a);
  return [
    ...(a.classToken === false ? [] : [token('cls_token')]),
    ...(a.distillationToken ? [token('dist_token')] : []),
    ...(registers > 0 ? [token('reg_token', registers)] : []),
    ...(a.positions === 'none'
      ? []
      : [{ ...token('pos_embed', prefix + side ** 2), grid: { prefix, side } }]),
  ];
}

/** The linear layers of one block; `into` are those that the MLP starts with. */
function blockLinears(a: VitArchitecture, index: number) {
  const block = `blocks.${String(index)}`;
  const { width: d, mlpDim: h } = a;
  const kind = 'mlp.fc1';
  return {
    qkv: linear(block, 'attn.qkv', [d, 3 * d], { parts: 3, bias: a.qkvBias }),
    proj: linear(block, 'attn.proj', [d, d]),
    into:
      a.mlp === 'split-glu'
        ? [
            linear(block, 'mlp.fc1_g', [d, h], { kind }),
            linear(block, 'mlp.fc1_x', [d, h], { kind }),
          ]
        : [linear(block, 'mlp.fc1', [d, a.mlp === 'packed-glu' ? 2 * h : h])],
    fc2: linear(block, 'mlp.fc2', [h, d]),
  };
}

function blockTensors(a: VitArchitecture, index: number): TensorSpec[] {
  const block = `blocks.${String(index)}`;
  const { qkv, proj, into, fc2 } = blockLinears(a, index);
  const head = a.width / a.heads;
  return [
    ...norm(`${block}.norm1`, a.width),
    ...linearTensors(qkv),
    ...(a.qkNorm
      ? [...norm(`${block}.attn.q_norm`, head), ...norm(`${block}.attn.k_norm`, head)]
      : []),
    ...(a.attentionNorm ? norm(`${block}.attn.norm`, a.width) : []),
    ...linearTensors(proj),
    ...layerScale(a, `${block}.ls1`),
    ...norm(`${block}.norm2`, a.width),
    ...into.flatMap(linearTensors),
    ...(a.mlpNorm ? norm(`${block}.mlp.norm`, a.mlpDim) : []),
    ...linearTensors(fc2),
    ...layerScale(a, `${block}.ls2`),
  ];
}

/** Small initial values, as in DINOv2: a new block is close to the identity. */
function layerScale(a: VitArchitecture, path: string): TensorSpec[] {
  if (!a.layerScale) return [];
  return [tensor(`${path}.gamma`, [a.width], 'scale', { kind: 'constant', value: 1e-5 })];
}

/** A learned query that attends to the tokens, then an MLP with a residual (arXiv 2106.04560). */
function attentionPool(a: VitArchitecture): TensorSpec[] {
  const { width: d, poolMlpDim: h = a.mlpDim } = a;
  return [
    tensor('attn_pool.latent', [1, 1, d], 'embedding'),
    ...fixedLinear('attn_pool.q', [d, d]),
    ...fixedLinear('attn_pool.kv', [d, 2 * d]),
    ...fixedLinear('attn_pool.proj', [d, d]),
    ...norm('attn_pool.norm', d),
    ...fixedLinear('attn_pool.mlp.fc1', [d, h]),
    ...fixedLinear('attn_pool.mlp.fc2', [h, d]),
  ];
}
