import type { AdaptedModel } from '../adapter/adapted-model.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import type { VitArchitecture } from '../../../shared/domain/architecture.ts';
import { randomStream, shuffledIndices } from '../random.ts';

/** The random masks of one batch, each a function of (seed, epoch, batch) only. */
export function batchNoise(
  model: AdaptedModel,
  config: TrainingConfig,
  epoch: number,
  batch: number,
): Record<string, Float32Array> {
  const masks: Record<string, Float32Array> = {};
  if (usesDropPath(config)) masks['dropPath'] = dropPathMask(model, config, epoch, batch);
  if (usesRankDropout(config, model)) {
    const p = config.karst.rankDropout;
    const stream = randomStream(config.seed, 'rankDropout', epoch, batch);
    masks['rankMask'] = Float32Array.from(
      { length: model.linears.length * model.rankDirections },
      () => (stream.uniform() < p ? 0 : 1 / (1 - p)),
    );
  }
  if (dropsPatches(config, epoch))
    masks['patchSelection'] = patchSelection(model, config, epoch, batch);
  return masks;
}

export function usesDropPath(config: TrainingConfig): boolean {
  return config.dropPath > 0 && config.method !== 'linear';
}

export function usesRankDropout(config: TrainingConfig, model: AdaptedModel): boolean {
  return config.karst.rankDropout > 0 && model.linears.length > 0;
}

/**
 * Share of the epochs, the last, in which all patches are seen: as many as in evaluation, to which a model trained on
 * fewer has to get used (FLIP's unmasked tuning, arXiv 2212.00794).
 */
const WHOLE_IMAGES = 1 / 5;

/** Whether the images of an epoch (from 0) lack patches. */
export function dropsPatches({ patchDrop, schedule }: TrainingConfig, epoch: number): boolean {
  return patchDrop > 0 && epoch < Math.ceil(schedule.epochs * (1 - WHOLE_IMAGES));
}

/** Patches that an image keeps where some are dropped; null where none ever are. */
export function keptPatches(config: TrainingConfig, architecture: VitArchitecture): number | null {
  if (config.patchDrop === 0) return null;
  return Math.max(1, Math.round(patchCount(architecture) * (1 - config.patchDrop)));
}

export function patchCount({ imageSize, patchSize }: VitArchitecture): number {
  return (imageSize / patchSize) ** 2;
}

/** (batch, kept, patches), one-hot rows: which patches each image keeps (PatchDropout, arXiv 2208.07220). */
function patchSelection(
  model: AdaptedModel,
  config: TrainingConfig,
  epoch: number,
  batch: number,
): Float32Array {
  const patches = patchCount(model.architecture);
  const kept = keptPatches(config, model.architecture) ?? patches;
  const stream = randomStream(config.seed, 'patchDrop', epoch, batch);
  const selection = new Float32Array(config.batchSize * kept * patches);
  for (let image = 0; image < config.batchSize; image++) {
    shuffledIndices(patches, stream)
      .subarray(0, kept)
      .forEach((patch, i) => (selection[(image * kept + i) * patches + patch] = 1));
  }
  return selection;
}

/** (2 · depth, batch): stochastic depth (arXiv 1603.09382), its probability growing linearly from 0 as in timm. */
function dropPathMask(
  model: AdaptedModel,
  config: TrainingConfig,
  epoch: number,
  batch: number,
): Float32Array {
  const { depth } = model.architecture;
  const stream = randomStream(config.seed, 'dropPath', epoch, batch);
  const mask = new Float32Array(2 * depth * config.batchSize);
  for (let i = 0; i < mask.length; i++) {
    const block = Math.floor(i / config.batchSize / 2);
    const p = depth === 1 ? config.dropPath : (config.dropPath * block) / (depth - 1);
    mask[i] = stream.uniform() < p ? 0 : 1 / (1 - p);
  }
  return mask;
}
