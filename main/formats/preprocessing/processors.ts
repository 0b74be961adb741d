import type { Filter } from '../../../shared/domain/preprocessing.ts';
import { CLIP, HALF, IMAGENET, type Triple } from './constants.ts';

/** Filters in the order of PIL's numbers, which Hugging Face's `resample` is. */
export const PIL_FILTERS: readonly Filter[] = [
  ...(['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const),
];

export type ProcessorSize =
  { readonly shortest_edge: number } | { readonly height: number; readonly width: number };

const square = (side: number) => ({ height: side, width: side });

/** What an image processor of Hugging Face takes where its file is silent. */
export interface Processor {
  readonly size: ProcessorSize;
  /** A lone number is the shortest edge; else both sides. */
  readonly byShortestEdge: boolean;
  readonly centerCrop: boolean;
  readonly cropSize: number;
  readonly filter: Filter;
  readonly mean: Triple;
  readonly std: Triple;
  /** Pixels are scaled to 0..1 before they are resized. */
  readonly rescalesFirst?: true;
  /** Resizes to `size` / crop_pct and cuts out `size`, or from 384 pixels on squashes to it. */
  readonly cropsByFraction?: true;
}

const SQUASHING: Processor = {
  ...{ size: square(224), byShortestEdge: false, centerCrop: false, cropSize: 224 },
  filter: 'bilinear',
  ...HALF,
};
const CROPPING: Processor = {
  ...{ size: { shortest_edge: 224 }, byShortestEdge: true, centerCrop: true, cropSize: 224 },
  filter: 'bicubic',
  ...CLIP,
};

/**
 * The image processors by the beginning of their name. Their defaults are those of transformers;
 * test/fixtures/preprocessing/make_processors.py asks it for them.
 */
export const PROCESSORS = {
  ViT: SQUASHING,
  DeiT: { ...SQUASHING, size: square(256), centerCrop: true, filter: 'bicubic' },
  CLIP: CROPPING,
  Bit: CROPPING,
  Siglip: { ...SQUASHING, byShortestEdge: true, filter: 'bicubic' },
  DINOv3ViT: { ...SQUASHING, mean: IMAGENET.mean, std: IMAGENET.std, rescalesFirst: true },
  ConvNext: {
    ...{ ...SQUASHING, size: { shortest_edge: 384 }, byShortestEdge: true, filter: 'bicubic' },
    cropsByFraction: true,
  },
} as const satisfies Record<string, Processor>;
export type ProcessorKind = keyof typeof PROCESSORS;

/** The processor that transformers takes for a model whose file names none. */
const OF_MODEL: Readonly<Record<string, ProcessorKind>> = {
  ...{ vit: 'ViT', vit_mae: 'ViT', vit_msn: 'ViT', ijepa: 'ViT', swin: 'ViT', deit: 'DeiT' },
  ...{ dinov2: 'Bit', dinov2_with_registers: 'Bit', dinov3_vit: 'DINOv3ViT' },
  ...{ clip: 'CLIP', clip_vision_model: 'CLIP' },
  ...{ siglip: 'Siglip', siglip_vision_model: 'Siglip' },
};

/** @param modelType Hugging Face's `model_type`; null if unknown */
export function processorOfModel(modelType: string | null): ProcessorKind {
  return OF_MODEL[modelType ?? 'vit'] ?? 'ViT';
}
