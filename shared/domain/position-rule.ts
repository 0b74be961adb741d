import * as v from 'valibot';

/**
 * How position embeddings are resampled to another grid of patches; each is PyTorch's `interpolate`
 * with `align_corners=False`.
 *
 * - `timm`: bicubic, antialias. Also open_clip's and that of `dinov2_with_registers` in transformers.
 * - `torch-bicubic`: bicubic without antialias (a = −3/4), as transformers does.
 * - `dinov2`: the same by a scale factor of (side + 0.1) / stored side, as DINOv2's own code does.
 * - `bilinear`: without antialias, as timm does for the original `.npz`.
 */
export const POSITION_RULES = ['timm', 'torch-bicubic', 'dinov2', 'bilinear'] as const;
export const positionRuleSchema = v.picklist(POSITION_RULES);
export type PositionRule = v.InferOutput<typeof positionRuleSchema>;
