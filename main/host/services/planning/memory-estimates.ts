import { keepsFeatures, type TrainingConfig } from '../../../../shared/domain/training.ts';
import { tuningOf } from '../../../../shared/methods/registry.ts';
import type { Architecture } from '../../../../shared/models/registry.ts';

/** What the memory of a training follows from. */
export interface MemoryRequest {
  /** At the side of the run's images. */
  readonly architecture: Architecture;
  readonly config: TrainingConfig;
  readonly task: string;
  readonly classes: number;
  readonly adapterParameters: number;
  readonly headParameters: number;
}

/** How the training is carried out. */
export interface MemoryWays {
  /** Blocks, from the first, that are computed again in the backward pass. */
  readonly checkpointedBlocks: number;
  /** Whether the engine has its own kernels here, for trainings that may use them. */
  readonly kernels: boolean;
  /** Threads that compute the step. */
  readonly threads: number;
}

/** Bytes of a process that trains, without the loading of images. */
export interface TrainingMemory {
  /** The most up to the second step, when XLA finds its programs compiled. */
  readonly running: number;
  /** The most while they are compiled, once a machine, before the first step. */
  readonly compiling: number;
}

const FLOAT = 4;
const MIB = 2 ** 20;

/** Batches that are made ahead, at most, and the bytes that they may have together (as the engine's loader does it). */
const BATCHES_AHEAD = 16;
const BYTES_AHEAD = 256 * MIB;

/** A thread that decodes and augments, with its heap. */
const LOADING_THREAD_BYTES = 96 * MIB;

/**
 * Bytes that the images take on their way to the step: those made ahead, and the threads that make them. With the
 * memory of a step, which has no such threads, it is what a training takes.
 */
export function inputBytes(
  { architecture, config }: Pick<MemoryRequest, 'architecture' | 'config'>,
  loadingThreads: number,
): number {
  const batch = config.batchSize * 3 * architecture.imageSize ** 2 * FLOAT;
  const ahead = Math.min(BATCHES_AHEAD, Math.max(2, Math.floor(BYTES_AHEAD / Math.max(1, batch))));
  return LOADING_THREAD_BYTES * loadingThreads + (ahead + 1) * batch;
}

/** So many estimates are kept. */
const KNOWN_ESTIMATES = 64;

/**
 * Estimates, those asked for last kept: plans are made anew with every setting that changes, and graphs take time. What makes
 * the graphs is loaded when first asked, as most commands ask for none.
 */
export class MemoryEstimates {
  readonly #known = new Map<string, TrainingMemory>();

  async training(request: MemoryRequest, ways: MemoryWays): Promise<TrainingMemory> {
    return this.#once([...madeOf(request), ways], async () => {
      const { trainingMemory } = await import('./memory-estimate.ts');
      return trainingMemory(request, ways);
    });
  }

  async card(request: MemoryRequest, checkpointedBlocks: number): Promise<number> {
    const key = [...madeOf(request), checkpointedBlocks];
    const { running } = await this.#once(key, async () => {
      const { cardMemory } = await import('./memory-estimate.ts');
      const bytes = cardMemory(request, checkpointedBlocks);
      return { running: bytes, compiling: bytes };
    });
    return running;
  }

  async #once(
    parts: readonly unknown[],
    make: () => Promise<TrainingMemory>,
  ): Promise<TrainingMemory> {
    const key = JSON.stringify(parts);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= KNOWN_ESTIMATES) this.#known.delete(oldest);
    const made = await make();
    this.#known.set(key, made);
    return made;
  }
}

function madeOf(request: MemoryRequest): readonly unknown[] {
  return [request.architecture, request.task, request.classes, shaping(request)];
}

/** The settings without those that are only fed, counted or drawn by, as most changes are of these. */
function shaping({ config }: MemoryRequest): object {
  const { batchSize, accumulate, matmulPrecision, dropPath, patchDrop } = config;
  const { name, decayOn, clipNorm, weightDecay } = config.optimizer;
  return {
    ...{ tuning: tuningOf(config), batchSize, accumulate, matmulPrecision, dropPath, patchDrop },
    ...{ optimizer: name, decayOn, clipNorm, weightDecay, keepsFeatures: keepsFeatures(config) },
  };
}
