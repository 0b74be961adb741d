import * as v from 'valibot';
import type { Said } from '../../../../shared/domain/said.ts';
import type { Traits } from './described.ts';
import { configFault, entryOf, known, maybe } from './json.ts';

/** Arguments of timm's networks that are understood; what others change shows in the tensors. */
export interface TimmArgs {
  readonly num_classes?: number;
  readonly img_size?: number;
  readonly in_chans?: number;
  readonly patch_size?: number;
  readonly embed_dim?: number;
  readonly depth?: number;
  readonly depths?: readonly number[];
  readonly num_heads?: number | readonly number[];
  readonly act_layer?: string;
  readonly norm_layer?: string;
  readonly mlp_layer?: string;
  readonly use_post_norm?: boolean;
  readonly class_token?: boolean;
  readonly pre_norm?: boolean;
  readonly use_pre_transformer_norm?: boolean;
  readonly use_abs_pos_emb?: boolean;
  readonly qkv_fused?: boolean;
  /** Of the norms: only registered names imply it. */
  readonly eps?: number;
  readonly global_pool?: string;
  readonly pool_include_prefix?: boolean;
  readonly attn_pool_num_heads?: number;
  readonly use_rot_pos_emb?: boolean;
  readonly rope_type?: string;
  readonly rope_grid_indexing?: string;
  readonly rope_grid_offset?: number;
  readonly rope_temperature?: number;
  readonly rope_rotate_half?: boolean;
  readonly ref_feat_shape?: number;
  readonly window_size?: number;
}

const heads = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024));
const schema = v.object({
  num_classes: maybe.count,
  img_size: maybe.side,
  in_chans: maybe.count,
  patch_size: maybe.side,
  embed_dim: maybe.count,
  depth: maybe.count,
  depths: maybe.counts,
  num_heads: v.optional(v.nullable(v.union([heads, v.array(heads)]))),
  act_layer: maybe.text,
  norm_layer: maybe.text,
  mlp_layer: maybe.text,
  use_post_norm: maybe.flag,
  class_token: maybe.flag,
  pre_norm: maybe.flag,
  use_pre_transformer_norm: maybe.flag,
  use_abs_pos_emb: maybe.flag,
  qkv_fused: maybe.flag,
  global_pool: maybe.text,
  pool_include_prefix: maybe.flag,
  attn_pool_num_heads: maybe.count,
  use_rot_pos_emb: maybe.flag,
  rope_type: maybe.text,
  rope_grid_indexing: maybe.text,
  rope_grid_offset: maybe.real,
  rope_temperature: maybe.real,
  rope_rotate_half: maybe.flag,
  ref_feat_shape: maybe.side,
  window_size: maybe.side,
});

/** timm's `model_args`, in a configuration. */
export const timmArgs = v.pipe(
  schema,
  v.transform((args): TimmArgs => known<TimmArgs>(args)),
);

/** Of the traits that a registered name implies, those that arguments change. */
export function withArgs(implied: Traits, args: TimmArgs): Traits {
  const { eva, ...others } = implied;
  return {
    ...others,
    // With q, k and v in one layer, as is not usual there, Eva's tensors are called as the others'.
    ...(eva === undefined || args.qkv_fused === true ? {} : { eva }),
    ...known<Traits>({
      classToken: args.class_token,
      preNorm: args.pre_norm ?? args.use_pre_transformer_norm,
      positions: args.use_abs_pos_emb,
    }),
  };
}

const ACTIVATIONS: Readonly<Record<string, NonNullable<Said['activation']>>> = {
  gelu: 'gelu',
  gelu_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
  silu: 'silu',
  swish: 'silu',
};
const POOLS: Readonly<Record<string, NonNullable<Said['pool']>>> = {
  token: 'class',
  avg: 'mean',
  map: 'attention',
};

/** MLPs whose gate, where they have one, is the first half. */
const MLPS: ReadonlySet<string> = new Set(['mlp', 'swiglupacked', 'swiglu']);

/**
 * What arguments mean. @param path of the configuration that has them
 * @throws format-unsupported naming the argument that asks for something else
 */
export function saidByArgs(args: TimmArgs, path: string): Partial<Said> {
  const { act_layer: act, global_pool: pool, norm_layer: norm } = args;
  // Some files name a class: "torch.nn.SiLU".
  const activation = act === undefined ? undefined : entryOf(ACTIVATIONS, lastWord(act));
  if (act !== undefined && activation === undefined)
    throw configFault(path, `"act_layer" is "${act}", which no network here has.`);
  const pooled = pool === undefined ? undefined : entryOf(POOLS, pool);
  if (pool !== undefined && pool !== '' && pooled === undefined)
    throw configFault(path, `it names global pooling "${pool}"; token, avg and map are supported.`);
  if (norm !== undefined && !/^layer_?norm$/i.test(norm))
    throw configFault(path, `"norm_layer" is "${norm}"; only layer norms are supported.`);
  requireComputed(args, path);
  return known<Said>({
    heads: args.num_heads,
    activation,
    layerNormEpsilon: args.eps,
    pool: pooled,
    poolHeads: args.attn_pool_num_heads,
    poolPrefix: args.pool_include_prefix,
    ...ropeOf(args, path),
    imageSize: args.img_size,
  });
}

/** @throws format-unsupported naming the argument that changes what no tensor shows */
function requireComputed(
  { in_chans: channels, mlp_layer: mlp, use_post_norm: after }: TimmArgs,
  path: string,
): void {
  if (channels !== undefined && channels !== 3)
    throw configFault(path, `"in_chans" is ${String(channels)}; images have three channels.`);
  if (mlp !== undefined && !MLPS.has(lastWord(mlp)))
    throw configFault(path, `"mlp_layer" is "${mlp}", which no network here has.`);
  if (after === true)
    throw configFault(
      path,
      '"use_post_norm" is true: its norms come after the branches, which no network here has.',
    );
}

const lastWord = (path: string): string => (path.split('.').at(-1) ?? '').toLowerCase();

function ropeOf(args: TimmArgs, path: string): Partial<Said> {
  if (args.use_rot_pos_emb === undefined) return {};
  if (!args.use_rot_pos_emb) return { rope: 'none' };
  const { rope_type: type = 'cat', rope_grid_indexing: axes = 'ij' } = args;
  const offset = args.rope_grid_offset ?? 0;
  const half = args.rope_rotate_half ?? false;
  const rope =
    type === 'dinov3' && half && axes === 'ij' && offset === 0
      ? 'dinov3'
      : type === 'cat' && !half && axes === 'ij' && offset === 0
        ? 'eva'
        : type === 'cat' && !half && axes === 'xy' && offset === 1
          ? 'pe'
          : null;
  if (rope === null)
    throw configFault(
      path,
      `its rotary positions ("rope_type" ${type}, "rope_grid_indexing" ${axes}, "rope_grid_offset" ${String(offset)}) are of a kind that no network here has.`,
    );
  return known<Said>({
    rope,
    ropeTheta: args.rope_temperature,
    ropeReference: args.ref_feat_shape,
  });
}
