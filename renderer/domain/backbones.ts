import type { BackboneDetail } from '../../shared/contract/window/backbones.ts';

/** Models for pictures of so few pixels know little of photographs. */
const SMALL_PIXELS = 64;

/** Whether a larger backbone would give far better adapters: the starter, or one for tiny pictures. */
export function isWeak({ starter, backbone }: BackboneDetail): boolean {
  return starter || backbone.architecture.imageSize <= SMALL_PIXELS;
}
