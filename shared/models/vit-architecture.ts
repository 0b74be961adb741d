import * as v from 'valibot';
import type { CommonArchitecture } from './family.ts';
import { commonFields, whole } from './layers.ts';

/**
 * A vision transformer as timm builds it. Without optional fields it is the plain one: norms before
 * the branches, a class token that is the features, learned position embeddings, exact GELU. They
 * are omitted where they have the default, so that equal architectures are equal as JSON.
 */
export interface VitArchitecture extends CommonArchitecture {
  readonly family: 'vit';
  /**
   * Pixels that it leaves of `imageSize`, right and below, are not read, as by the convolution of
   * the libraries: SigLIP's so400m at 384 pixels has 27 patches of 14 a side.
   */
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
  /** False: no norm after the last block (the Perception Encoder's spatial networks). */
  readonly lastNorm?: false;
}

const given = v.exactOptional;

export const vitFields = {
  ...commonFields,
  depth: whole(1, 1024),
  heads: whole(1, 1024),
  mlpDim: whole(1, 262_144),
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
  lastNorm: given(v.literal(false)),
};

/** Whole patches along a side of the image. */
export const patchesAlong = (a: Pick<VitArchitecture, 'imageSize' | 'patchSize'>): number =>
  Math.floor(a.imageSize / a.patchSize);

/** Tokens before the patches: class token, distillation token, registers. */
export const prefixOf = ({ classToken, distillationToken, registers = 0 }: VitArchitecture) =>
  (classToken === false ? 0 : 1) + (distillationToken ? 1 : 0) + registers;
