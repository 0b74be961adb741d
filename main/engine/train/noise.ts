import type { AdaptedModel } from '../adapter/adapted-model.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { randomStream } from '../random.ts';

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
  return masks;
}

export function usesDropPath(config: TrainingConfig): boolean {
  return config.dropPath > 0 && config.method !== 'linear';
}

export function usesRankDropout(config: TrainingConfig, model: AdaptedModel): boolean {
  return config.karst.rankDropout > 0 && model.linears.length > 0;
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
