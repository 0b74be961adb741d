import type { BackboneDetail } from '../../shared/contract/window/backbones.ts';
import { SMALL_INPUT } from '../../shared/training/method-defaults.ts';

/** Whether a larger backbone would give far better adapters: the starter, or one for tiny pictures. */
export function isWeak({ starter, backbone }: BackboneDetail): boolean {
  return starter || backbone.architecture.imageSize <= SMALL_INPUT;
}
