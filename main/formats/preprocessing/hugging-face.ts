import { resizedSide, type Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { PIL_FILTERS, processorOfModel, type ProcessorKind } from './processors.ts';

/** A `preprocessor_config.json` for transformers. */
export interface HuggingFacePreprocessor {
  readonly json: Record<string, unknown>;
  /**
   * True where an odd margin is halved otherwise than trained, so that the crop may lie one pixel
   * beside.
   */
  readonly shifted: boolean;
}

/** Kinds that resize in this way, in transformers 4 and 5; the first where the model's own does not. */
const SQUASHING: readonly ProcessorKind[] = ['ViT', 'Siglip', 'DeiT'];
const CROPPING: readonly ProcessorKind[] = ['Bit', 'CLIP'];

function kindFor(p: Preprocessing, own: ProcessorKind): ProcessorKind | null {
  if (p.cropMode === 'border') return null;
  if (p.rescale !== undefined)
    return p.cropMode === 'squash' && resizedSide(p) === p.imageSize ? 'DINOv3ViT' : null;
  if (p.cropMode === 'squash' && resizedSide(p) > p.imageSize) return 'DeiT';
  const able = p.cropMode === 'squash' ? SQUASHING : CROPPING;
  return able.includes(own) ? own : (able[0] ?? null);
}

/**
 * The `preprocessor_config.json` with which transformers prepares images so, as the processor of
 * the model where it can, else as another one; null where none can.
 * @param modelType Hugging Face's `model_type`
 */
export function huggingFacePreprocessor(
  p: Preprocessing,
  modelType: string,
): HuggingFacePreprocessor | null {
  const kind = kindFor(p, processorOfModel(modelType));
  if (kind === null) return null;
  const side = { height: p.imageSize, width: p.imageSize };
  const resized = resizedSide(p);
  const cropped = p.cropMode === 'center' || resized > p.imageSize;
  const margin = resized - p.imageSize;
  return {
    json: {
      image_processor_type: `${kind}ImageProcessor`,
      do_resize: true,
      size:
        p.cropMode === 'center' ? { shortest_edge: resized } : { height: resized, width: resized },
      resample: PIL_FILTERS.indexOf(p.interpolation),
      ...(cropped ? { do_center_crop: true, crop_size: side } : {}),
      ...(kind === 'DeiT' && !cropped ? { do_center_crop: false } : {}),
      do_rescale: true,
      rescale_factor: 1 / 255,
      do_normalize: true,
      image_mean: [...p.mean],
      image_std: [...p.std],
    },
    shifted:
      p.cropRounding === undefined && (p.cropMode === 'center' || (cropped && margin % 4 === 3)),
  };
}
