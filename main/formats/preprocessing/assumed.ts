import type { SourceKind } from '../../../shared/domain/backbone.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { CLIP, HALF, IMAGENET } from './constants.ts';
import { readPreprocessCfg } from './open-clip.ts';
import { PROCESSORS, processorOfModel, type Processor } from './processors.ts';

type Transform = Omit<Preprocessing, 'imageSize'>;

/** What of a network tells families apart. */
interface Shape {
  readonly family: string;
  readonly patchSize: number;
  readonly layerScale?: true;
  readonly classToken?: false;
  readonly distillationToken?: true;
  readonly preNorm?: true;
  readonly rope?: 'dinov3' | 'eva' | 'pe';
}

/** Where a checkpoint came from. */
export interface Origin {
  /** Library and layout of its names. */
  readonly kind: SourceKind;
  /** Hugging Face's `model_type`; null for other libraries. */
  readonly modelType: string | null;
}

const cropped = (cropFraction: number, statistics: Pick<Transform, 'mean' | 'std'>): Transform => ({
  ...{ interpolation: 'bicubic', cropFraction, cropMode: 'center' },
  mean: statistics.mean,
  std: statistics.std,
});

/** What timm's own descriptions of a family's models say; the first that fits. */
const IN_TIMM: readonly { readonly is: (a: Shape) => boolean; readonly transform: Transform }[] = [
  { is: (a) => a.family === 'swin', transform: cropped(0.9, IMAGENET) },
  { is: (a) => a.rope === 'dinov3', transform: cropped(1, IMAGENET) },
  { is: (a) => a.rope === 'eva', transform: cropped(0.9, CLIP) },
  { is: (a) => a.rope === 'pe', transform: cropped(1, HALF) },
  { is: (a) => a.preNorm === true, transform: cropped(1, CLIP) },
  { is: (a) => a.classToken === false, transform: cropped(0.9, HALF) },
  { is: (a) => a.layerScale === true, transform: cropped(1, IMAGENET) },
  { is: (a) => a.distillationToken === true, transform: cropped(0.9, IMAGENET) },
];

/** timm's for a ViT of the augreg family. */
export const DEFAULT_PREPROCESSING = cropped(0.9, HALF);

/** DINOv2's and DeiT's own evaluations: 224 pixels of 256. */
const ORIGINAL = cropped(224 / 256, IMAGENET);

function ofProcessor({ size, centerCrop, cropSize, ...p }: Processor): Transform {
  const isWhole = 'height' in size;
  return {
    interpolation: p.filter,
    cropFraction: centerCrop ? cropSize / (isWhole ? size.height : size.shortest_edge) : 1,
    cropMode: isWhole ? 'squash' : 'center',
    mean: p.mean,
    std: p.std,
    ...(centerCrop ? { cropRounding: 'down' } : {}),
    ...(p.rescalesFirst === true ? { rescale: 'before-resizing' } : {}),
  };
}

/** How images are prepared for a network whose files do not say it: as its library usually does. */
export function assumedPreprocessing(network: Shape, { kind, modelType }: Origin): Transform {
  switch (kind) {
    case 'huggingface':
      return ofProcessor(PROCESSORS[processorOfModel(modelType)]);
    case 'open_clip':
      return readPreprocessCfg({}, '');
    case 'original':
      return ORIGINAL;
    case 'timm':
    case 'timm-eva':
      return IN_TIMM.find(({ is }) => is(network))?.transform ?? DEFAULT_PREPROCESSING;
    case 'npz':
      return DEFAULT_PREPROCESSING;
  }
}
