import type { MethodPreset } from '../methods/method.ts';
import { METHODS, methodSpec, type MethodPresetName } from '../methods/registry.ts';
import { augmentation, type AugmentationOptions, type CommonSettings } from '../training/fields.ts';
import { completeConfig, type TrainingConfig } from '../training/config.ts';
import type { SomeSettings } from '../training/settings.ts';

export { completeConfig };
export type { TrainingConfig };
export type { AugmentationOptions, OptimizerOptions, ScheduleOptions } from '../training/fields.ts';

export type MatmulPrecision = CommonSettings['matmulPrecision'];

export const NO_AUGMENTATION: AugmentationOptions = augmentation.defaults;

/** Whether images differ between epochs. */
function isAugmented(o: AugmentationOptions): boolean {
  return (
    o.cropScaleMin < 1 ||
    o.padCrop > 0 ||
    o.flip ||
    o.colorJitter > 0 ||
    o.rotation > 0 ||
    o.randAugmentOps > 0 ||
    o.mixup > 0
  );
}

/** The fields' own defaults; a new run starts from those of its method. */
export const TRAINING_DEFAULTS: TrainingConfig = completeConfig({});

/**
 * Whether the features of an image are the same in every epoch: the backbone is frozen as a whole, and nothing random
 * is done to images or tokens. They are computed once then, and each epoch trains the classifier on them.
 */
export function keepsFeatures(config: TrainingConfig): boolean {
  const headAlone = methodSpec(config.tuning.method).scope === 'head';
  return headAlone && config.patchDrop === 0 && !isAugmented(config.augmentation);
}

export type PresetName = 'standard' | MethodPresetName;

/** Named starting points; what is not named here is the default of the method. */
// Each method declares its presets under the names of the type.
export const PRESETS = Object.fromEntries([
  ['standard', {}],
  ...METHODS.flatMap(({ name, presets }) =>
    Object.entries<MethodPreset<object>>(presets).map(([preset, { options, settings }]) => [
      preset,
      { ...settings, method: name, [name]: options },
    ]),
  ),
]) as Readonly<Record<PresetName, SomeSettings>>;

/** Updates of the optimizer that one pass over so many training images takes; the last may be of fewer images. */
export function updatesPerEpoch(
  images: number,
  { batchSize, accumulate }: Pick<TrainingConfig, 'batchSize' | 'accumulate'>,
): number {
  return Math.ceil(Math.ceil(images / Math.max(1, batchSize)) / Math.max(1, accumulate));
}
