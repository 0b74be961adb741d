import type { SourceKind } from '../../../shared/domain/backbone.ts';
import type { PositionRule } from '../../../shared/domain/position-rule.ts';
import type { Origin } from '../preprocessing/assumed.ts';

const BY_KIND: Record<SourceKind, PositionRule> = {
  timm: 'timm',
  'timm-eva': 'timm',
  huggingface: 'torch-bicubic',
  open_clip: 'timm',
  original: 'timm',
  npz: 'bilinear',
};

/**
 * How the library of a checkpoint resamples its position embeddings to another size.
 * @param network of which DINOv2's own code treats models without registers otherwise
 */
export function positionRuleOf(
  { kind, modelType }: Origin,
  network: { readonly layerScale?: true; readonly registers?: number; readonly patchSize: number },
): PositionRule {
  if (modelType === 'dinov2_with_registers') return 'timm';
  // Of the originals only DINOv2's have patches of 14 pixels and LayerScale.
  const dinov2 = network.layerScale === true && network.patchSize === 14;
  if (kind === 'original' && dinov2 && network.registers === undefined) return 'dinov2';
  return BY_KIND[kind];
}
