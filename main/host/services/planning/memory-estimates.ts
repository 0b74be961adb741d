import { batchesAhead } from '../../../../shared/domain/loading-threads.ts';
import { keepsFeatures, type TrainingConfig } from '../../../../shared/domain/training.ts';
import type { Architecture } from '../../../../shared/models/registry.ts';

/** What determines the memory of a training. */
export interface MemoryRequest {
  /** At the run's image size. */
  readonly architecture: Architecture;
  readonly config: TrainingConfig;
  readonly task: string;
  readonly classes: number;
  readonly adapterParameters: number;
  readonly headParameters: number;
}

/** How the training is executed. */
export interface MemoryWays {
  /** Number of checkpointed blocks, from the first. */
  readonly checkpointedBlocks: number;
  /** Whether our kernels are available, for trainings that may use them. */
  readonly kernels: boolean;
  /** Threads that compute the step. */
  readonly threads: number;
}

/** Bytes of a training process, without image loading. */
export interface TrainingMemory {
  /** Peak up to the second step when XLA's programs are cached. */
  readonly running: number;
  /** Peak while they are compiled, once per machine, before the first step. */
  readonly compiling: number;
}

const FLOAT = 4;
const MIB = 2 ** 20;

/** A thread that decodes and augments, with its heap. */
const LOADING_THREAD_BYTES = 96 * MIB;

/**
 * Bytes of image loading: prefetched batches and the loading threads. Added to the memory of the
 * steps it gives a training's memory.
 */
export function inputBytes(
  { architecture, config }: Pick<MemoryRequest, 'architecture' | 'config'>,
  loadingThreads: number,
): number {
  const batch = config.batchSize * 3 * architecture.imageSize ** 2 * FLOAT;
  return LOADING_THREAD_BYTES * loadingThreads + (batchesAhead(batch) + 1) * batch;
}

/** Number of cached estimates. */
const KNOWN_ESTIMATES = 64;

/**
 * An LRU cache of estimates: plans are recomputed with every changed setting, and building graphs
 * takes time. The graph code is imported on first use, as most commands need no estimate.
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

/** The settings without those that do not change the graph, as most changes are of these. */
function shaping({ config }: MemoryRequest): object {
  const { batchSize, accumulate, matmulPrecision, dropPath, patchDrop } = config;
  const { name, decayOn, clipNorm, weightDecay } = config.optimizer;
  return {
    ...{ tuning: config.tuning, batchSize, accumulate, matmulPrecision, dropPath, patchDrop },
    ...{ optimizer: name, decayOn, clipNorm, weightDecay, keepsFeatures: keepsFeatures(config) },
  };
}
