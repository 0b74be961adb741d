import { vit } from '../models/vit.ts';
import type { VitArchitecture } from './architecture.ts';

/**
 * Names and shapes of a timm ViT's tensors.
 * @param o.classes outputs of the head, default those of the architecture; 0 leaves the head out
 * @param o.imageSize side that the position embeddings are for, default the architecture's own
 */
export function vitTensorShapes(
  a: VitArchitecture,
  o: { classes?: number; imageSize?: number } = {},
): Map<string, readonly number[]> {
  const { classes = a.classes, imageSize = a.imageSize } = o;
  const tensors = vit.tensors({ ...a, imageSize }, classes);
  return new Map(tensors.map(({ name, shape }) => [name, shape]));
}
