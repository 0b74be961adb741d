import * as v from 'valibot';
import type { CommonArchitecture, FamilySpec } from './family.ts';
import { headTensors } from './head.ts';
import type { Initialiser, LinearSpec, TensorRole, TensorSpec } from './spec.ts';

/**
 * A vision transformer as timm builds it. Without optional fields it is the plain one: norms before
 * the branches, a class token that is the features, learned position embeddings, exact GELU. They
 * are omitted where they have the default, so that equal architectures are equal as JSON.
 */
export interface VitArchitecture extends CommonArchitecture {
  readonly family: 'vit';
  /** Divides `imageSize`. */
  readonly patchSize: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the MLP's hidden layer, after the gate where there is one; usually 4 × width. */
  readonly mlpDim: number;
  readonly qkvBias: boolean;
  /** Each branch is multiplied, channel by channel, by learned factors (LayerScale, arXiv 2103.17239). */
  readonly layerScale?: true;
  /** False: no class token (SigLIP). */
  readonly classToken?: false;
  /** A second token after the class token (DeiT distilled, arXiv 2012.12877). */
  readonly distillationToken?: true;
  /** Learned tokens before the patches (arXiv 2309.16588). */
  readonly registers?: number;
  /** 'none': no position embeddings (DINOv3). */
  readonly positions?: 'none';
  /** Only patches have position embeddings (timm's `no_embed_class`); else the tokens before them have some, too. */
  readonly patchPositions?: true;
  /** Rotary positions of q and k of the patches, in the layout of DINOv3, EVA-02 or the Perception Encoder. */
  readonly rope?: 'dinov3' | 'eva' | 'pe';
  /** Largest period of `rope`; default 100 for 'dinov3', else 10,000. */
  readonly ropeTheta?: number;
  /** Patches along a side of the grid that the angles of 'eva' and 'pe' refer to; default 16. */
  readonly ropeReference?: number;
  /** A norm before the first block (CLIP). */
  readonly preNorm?: true;
  /** False: the patch embedding has no bias. */
  readonly patchBias?: false;
  /** Norms of q and k, head by head. */
  readonly qkNorm?: true;
  /** A norm of the concatenated heads, before the attention's projection. */
  readonly attentionNorm?: true;
  /** A gated MLP: gate and value from one layer `mlp.fc1`, gate first, or from `mlp.fc1_g` and `mlp.fc1_x`. */
  readonly mlp?: 'packed-glu' | 'split-glu';
  /** A norm before the MLP's last layer. */
  readonly mlpNorm?: true;
  /** Default: exact GELU. */
  readonly activation?: 'gelu-tanh' | 'quick-gelu' | 'silu';
  /**
   * What becomes the features; default the class token. 'mean' is that of the patches; the joined
   * ones have 2 × width features.
   */
  readonly pool?: 'mean' | 'attention' | 'class-and-distillation' | 'class-and-mean';
  /** Heads of the attention pool; default `heads`. */
  readonly poolHeads?: number;
  /** Width of the hidden layer in the attention pool's MLP; default `mlpDim`. */
  readonly poolMlpDim?: number;
  /** The pool takes the tokens before the patches, too. */
  readonly poolPrefix?: true;
  /** The last norm comes after the pool (timm's `fc_norm`). */
  readonly pooledNorm?: true;
}

const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

const ZERO: Initialiser = { kind: 'constant', value: 0 };
const ONE: Initialiser = { kind: 'constant', value: 1 };
/** timm's initialisation of matrices and embeddings. */
const DRAWN: Initialiser = { kind: 'truncated-normal', deviation: 0.02 };

const given = v.exactOptional;

const fields = {
  imageSize: whole(1, 8192),
  patchSize: whole(1, 1024),
  width: whole(1, 65_536),
  depth: whole(1, 1024),
  heads: whole(1, 1024),
  mlpDim: whole(1, 262_144),
  qkvBias: v.boolean(),
  classes: whole(0, 1_000_000),
  layerNormEpsilon: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  layerScale: given(v.literal(true)),
  classToken: given(v.literal(false)),
  distillationToken: given(v.literal(true)),
  registers: given(whole(1, 1024)),
  positions: given(v.literal('none')),
  patchPositions: given(v.literal(true)),
  rope: given(v.picklist(['dinov3', 'eva', 'pe'])),
  ropeTheta: given(v.pipe(v.number(), v.gtValue(1), v.maxValue(1e9))),
  ropeReference: given(whole(1, 1024)),
  preNorm: given(v.literal(true)),
  patchBias: given(v.literal(false)),
  qkNorm: given(v.literal(true)),
  attentionNorm: given(v.literal(true)),
  mlp: given(v.picklist(['packed-glu', 'split-glu'])),
  mlpNorm: given(v.literal(true)),
  activation: given(v.picklist(['gelu-tanh', 'quick-gelu', 'silu'])),
  pool: given(v.picklist(['mean', 'attention', 'class-and-distillation', 'class-and-mean'])),
  poolHeads: given(whole(1, 1024)),
  poolMlpDim: given(whole(1, 262_144)),
  poolPrefix: given(v.literal(true)),
  pooledNorm: given(v.literal(true)),
};

const side = (a: VitArchitecture): number => a.imageSize / a.patchSize;
/** Tokens before the patches: the class token and the registers. */
const prefixOf = ({ registers = 0 }: VitArchitecture): number => 1 + registers;

export const vit: FamilySpec<VitArchitecture> = {
  family: 'vit',
  title: 'vision transformer',
  fields,
  formerNames: { hidden: 'mlpDim' },

  contradiction: ({ width, heads, imageSize, patchSize }) =>
    width % heads === 0 && imageSize % patchSize === 0
      ? null
      : `width ${String(width)} by ${String(heads)} heads, ${String(imageSize)} pixels by patches of ${String(patchSize)}`,

  tensors: (a, classes) => {
    const { width: d, patchSize: p, registers = 0 } = a;
    const positioned = a.patchPositions ? 0 : prefixOf(a);
    return [
      tensor('cls_token', [1, 1, d], 'embedding'),
      ...(registers > 0 ? [tensor('reg_token', [1, registers, d], 'embedding')] : []),
      {
        ...tensor('pos_embed', [1, positioned + side(a) ** 2, d], 'embedding'),
        grid: { prefix: positioned, side: side(a) },
      },
      tensor('patch_embed.proj.weight', [d, 3, p, p], 'matrix'),
      tensor('patch_embed.proj.bias', [d], 'bias'),
      ...Array.from({ length: a.depth }, (_, index) => blockTensors(a, index)).flat(),
      ...norm('norm', d),
      ...(classes > 0 ? headTensors(d, classes) : []),
    ];
  },

  linears: (a) =>
    Array.from({ length: a.depth }, (_, index) => Object.values(blockLinears(a, index))).flat(),

  blocks: ({ depth }) => depth,
  tokens: (a) => ({ prefix: prefixOf(a), grid: [side(a), side(a)] }),
  width: ({ width }) => width,
  sizeStep: ({ patchSize }) => patchSize,

  facts: (a) => [
    { name: 'width', label: 'width', value: a.width },
    { name: 'depth', label: 'blocks', value: a.depth },
    { name: 'heads', label: 'heads', value: a.heads },
    { name: 'mlpDim', label: 'MLP width', value: a.mlpDim },
    { name: 'qkvBias', label: 'bias in q, k, v', value: a.qkvBias },
    ...(a.layerScale ? [{ name: 'layerScale', label: 'LayerScale', value: true } as const] : []),
    ...(a.registers === undefined
      ? []
      : [{ name: 'registers', label: 'register tokens', value: a.registers } as const]),
    ...(a.patchPositions
      ? [{ name: 'patchPositions', label: 'positions of patches only', value: true } as const]
      : []),
  ],
};

const BLOCK = 'blocks.';

/** The linear layers of one block. */
function blockLinears(a: VitArchitecture, index: number) {
  const linear = (
    kind: LinearSpec['kind'],
    inner: number,
    out: number,
    { parts = 1, bias = true }: Partial<Pick<LinearSpec, 'parts' | 'bias'>> = {},
  ): LinearSpec => ({
    path: `${BLOCK}${String(index)}.${kind}`,
    kind,
    in: inner,
    out,
    parts,
    bias,
  });
  const { width: d, mlpDim: h } = a;
  return {
    qkv: linear('attn.qkv', d, 3 * d, { parts: 3, bias: a.qkvBias }),
    proj: linear('attn.proj', d, d),
    fc1: linear('mlp.fc1', d, h),
    fc2: linear('mlp.fc2', h, d),
  };
}

function blockTensors(a: VitArchitecture, index: number): TensorSpec[] {
  const block = `${BLOCK}${String(index)}`;
  const { qkv, proj, fc1, fc2 } = blockLinears(a, index);
  return [
    ...norm(`${block}.norm1`, a.width),
    ...linearTensors(qkv),
    ...linearTensors(proj),
    ...layerScale(a, `${block}.ls1`),
    ...norm(`${block}.norm2`, a.width),
    ...linearTensors(fc1),
    ...linearTensors(fc2),
    ...layerScale(a, `${block}.ls2`),
  ];
}

/** Small initial values, as in DINOv2: a new block is close to the identity. */
function layerScale(a: VitArchitecture, path: string): TensorSpec[] {
  if (!a.layerScale) return [];
  return [tensor(`${path}.gamma`, [a.width], 'scale', { kind: 'constant', value: 1e-5 })];
}

function linearTensors({ path, in: inner, out, parts, bias }: LinearSpec): TensorSpec[] {
  const weight: TensorSpec = { ...tensor(`${path}.weight`, [out, inner], 'matrix'), parts };
  return bias ? [weight, tensor(`${path}.bias`, [out], 'bias')] : [weight];
}

function norm(path: string, width: number): TensorSpec[] {
  return [tensor(`${path}.weight`, [width], 'norm', ONE), tensor(`${path}.bias`, [width], 'bias')];
}

function tensor(
  name: string,
  shape: readonly number[],
  role: TensorRole,
  init: Initialiser = role === 'bias' ? ZERO : DRAWN,
): TensorSpec {
  return { name, shape, role, init };
}
