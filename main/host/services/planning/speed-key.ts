import { createHash } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import type { Settings } from '../../../../shared/contract/window/system.ts';
import { familyOf, type Architecture } from '../../../../shared/models/registry.ts';
import type { Field } from '../../../../shared/fields/field.ts';
import { methodSpec, tuningOf } from '../../../../shared/methods/registry.ts';
import { keepsFeatures, type TrainingConfig } from '../../../../shared/domain/training.ts';

/** Changes when the engine computes steps in another way, so that old times are not taken for new ones. */
const ENGINE_VERSION = 6;

/** Threads that an engine computes with. */
export function engineThreads({ threads }: Pick<Settings, 'threads'>): number {
  return threads === 0 ? availableParallelism() : threads;
}

/** Fields of an architecture that say nothing of how long a step takes, or are counted otherwise. */
const WITHOUT_COST = new Set(['imageSize', 'classes', 'layerNormEpsilon']);

/** Of the method's options, those that a step's time depends on; of what can be switched off, whether it is on. */
function speedOptions(config: TrainingConfig): unknown[] {
  const { method, options } = tuningOf(config);
  const values = new Map<string, unknown>(Object.entries(options));
  return Object.entries<Field>(methodSpec(method).options.fields)
    .filter(([, { affects }]) => affects.includes('speed'))
    .map(([name, { off }]) => {
      const value = values.get(name);
      if (Array.isArray(value)) return value.map(String).sort();
      return off === undefined ? value : value !== off;
    });
}

/** The fields by the names that they had when the first times were stored. */
function withFirstNames(architecture: Architecture): [string, unknown][] {
  const renamed = Object.entries(familyOf(architecture).formerNames ?? {});
  const first = new Map(renamed.map(([former, now]) => [now, former]));
  return Object.entries(architecture).map(([name, value]) => [first.get(name) ?? name, value]);
}

/**
 * A name for everything that decides how long a step takes: the shapes that are computed, what is computed on them,
 * and on what. Not the weights, not the values of rates and scales, and not the classes, whose head is small.
 *
 * @param kernelIsa of the kernels that engines use here
 */
export function speedKey(
  architecture: Architecture,
  config: TrainingConfig,
  settings: Pick<Settings, 'threads' | 'device'>,
  kernelIsa: string | null,
  checkpointedBlocks = 0,
): string {
  const { method, optimizer, batchSize, accumulate, imageSize } = config;
  const shape = {
    model: withFirstNames(architecture)
      .filter(([name]) => !WITHOUT_COST.has(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
    side: imageSize === 0 ? architecture.imageSize : imageSize,
    batch: [batchSize, accumulate],
    method,
    options: speedOptions(config),
    // Spelled as when the first times were stored, which are still found by it.
    optimiser: [optimizer.name, optimizer.decayOn, optimizer.clipNorm > 0],
    dropPath: config.dropPath > 0 && methodSpec(method).scope !== 'head',
    // The share of epochs on all patches follows from their number only roughly; a few more or less do not matter.
    patchDrop: config.patchDrop,
    keepsFeatures: keepsFeatures(config),
    matmulPrecision: config.matmulPrecision,
    // Under its first name, and only where there are some: times stored earlier are still found.
    ...(checkpointedBlocks > 0 ? { recomputedBlocks: checkpointedBlocks } : {}),
  };
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    threads: engineThreads(settings),
    device: settings.device,
    backend: process.env['KARST_BACKEND'] ?? '',
    kernels: kernelIsa,
    visible: process.env['CUDA_VISIBLE_DEVICES'] ?? '',
  };
  return createHash('sha256')
    .update(JSON.stringify({ ENGINE_VERSION, shape, machine }))
    .digest('hex');
}
