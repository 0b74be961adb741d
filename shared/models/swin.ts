import * as v from 'valibot';
import type { CommonArchitecture } from './family.ts';

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

const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const stages = (max: number) =>
  v.pipe(v.array(whole(1, max)), v.minLength(1), v.maxLength(8), v.readonly());

export const swinFields = {
  imageSize: whole(1, 8192),
  patchSize: whole(1, 1024),
  width: whole(1, 65_536),
  depths: stages(1024),
  heads: stages(1024),
  window: whole(1, 1024),
  mlpRatio: v.pipe(v.number(), v.gtValue(0), v.maxValue(64)),
  qkvBias: v.boolean(),
  classes: whole(0, 1_000_000),
  layerNormEpsilon: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
};
