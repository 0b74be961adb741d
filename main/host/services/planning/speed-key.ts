import { createHash } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import type { Settings } from '../../../../shared/contract/window/system.ts';
import { familyOf, type Architecture } from '../../../../shared/models/registry.ts';
import type { Field } from '../../../../shared/fields/field.ts';
import { methodSpec, type Tuning } from '../../../../shared/methods/registry.ts';
import { keepsFeatures, type TrainingConfig } from '../../../../shared/domain/training.ts';

/** Increased when the engine computes steps differently, so that old times are not reused. */
const ENGINE_VERSION = 6;

/** Threads that an engine computes with. */
export function engineThreads({ threads }: Pick<Settings, 'threads'>): number {
  return threads === 0 ? availableParallelism() : threads;
}

/** Fields of an architecture that do not affect the time of a step, or are counted elsewhere. */
const WITHOUT_COST = new Set(['imageSize', 'classes', 'layerNormEpsilon']);

/**
 * The method's options that affect the time of a step; for those that can be off, only whether they
 * are on.
 */
function speedOptions({ method, options }: Tuning): unknown[] {
  const values = new Map<string, unknown>(Object.entries(options));
  return Object.entries<Field>(methodSpec(method).options.fields)
    .filter(([, { affects }]) => affects.includes('speed'))
    .map(([name, { off }]) => {
      const value = values.get(name);
      if (Array.isArray(value)) return value.map(String).sort();
      return off === undefined ? value : value !== off;
    });
}

/** The fields under the names in use when the first times were stored. */
function withFirstNames(architecture: Architecture): [string, unknown][] {
  const renamed = Object.entries(familyOf(architecture).formerNames ?? {});
  const first = new Map(renamed.map(([former, now]) => [now, former]));
  return Object.entries(architecture).map(([name, value]) => [first.get(name) ?? name, value]);
}

/**
 * A key of everything that determines the time of a step: shapes, computation, hardware. Not
 * weights, values of rates and scales, or classes, whose head is small.
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
  const { tuning, optimizer, batchSize, accumulate, imageSize } = config;
  const shape = {
    model: withFirstNames(architecture)
      .filter(([name]) => !WITHOUT_COST.has(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
    side: imageSize === 0 ? architecture.imageSize : imageSize,
    batch: [batchSize, accumulate],
    method: tuning.method,
    options: speedOptions(tuning),
    // Spelled as at first, so that times stored earlier are found.
    optimiser: [optimizer.name, optimizer.decayOn, optimizer.clipNorm > 0],
    dropPath: config.dropPath > 0 && methodSpec(tuning.method).scope !== 'head',
    // The number of epochs, which affects how many see all patches, is ignored.
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
