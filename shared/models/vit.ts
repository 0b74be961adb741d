import * as v from 'valibot';
import type { CommonArchitecture, FamilySpec } from './family.ts';
import { headTensors } from './head.ts';
import type { Initialiser, LinearSpec, TensorRole, TensorSpec } from './spec.ts';

/**
 * A plain vision transformer as timm builds it (pre-norm, class token, learned position embeddings,
 * exact GELU), with what DeiT-III and DINOv2 add. Optional fields are omitted where absent.
 */
export interface VitArchitecture extends CommonArchitecture {
  readonly family: 'vit';
  /** Divides `imageSize`. */
  readonly patchSize: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the MLP's hidden layer, usually 4 × width. */
  readonly mlpDim: number;
  readonly qkvBias: boolean;
  /** Each branch is multiplied, channel by channel, by learned factors (LayerScale, arXiv 2103.17239). */
  readonly layerScale?: true;
  /** Learned tokens between the class token and the patches (arXiv 2309.16588). */
  readonly registers?: number;
  /** Only patches have position embeddings (timm's `no_embed_class`); else the tokens before them have some, too. */
  readonly patchPositions?: true;
}

const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

const ZERO: Initialiser = { kind: 'constant', value: 0 };
const ONE: Initialiser = { kind: 'constant', value: 1 };
/** timm's initialisation of matrices and embeddings. */
const DRAWN: Initialiser = { kind: 'truncated-normal', deviation: 0.02 };

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
  layerScale: v.exactOptional(v.literal(true)),
  registers: v.exactOptional(whole(1, 1024)),
  patchPositions: v.exactOptional(v.literal(true)),
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
