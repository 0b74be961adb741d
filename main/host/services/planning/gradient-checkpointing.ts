import type { Settings } from '../../../../shared/contract/window/system.ts';
import { familyOf, type Architecture } from '../../../../shared/models/registry.ts';
import { loadingThreads } from '../../../../shared/domain/loading-threads.ts';
import type { TrainingConfig } from '../../../../shared/domain/training.ts';
import { methodSpec } from '../../../../shared/methods/registry.ts';
import { trainedParameters } from '../../../../shared/methods/trained.ts';
import type { TaskSpec } from '../../../../shared/tasks/task.ts';
import type { StepTimeRepository, StepTimes } from '../../store/step-times.ts';
import {
  inputBytes,
  type MemoryEstimates,
  type MemoryRequest,
  type TrainingMemory,
} from './memory-estimates.ts';
import { engineThreads, speedKey } from './speed-key.ts';

/**
 * Fraction of the free memory for a training: the estimate is not exact, and other programs need
 * some.
 */
const USABLE_SHARE = 0.9;

/** Number of portions of blocks, so that the choice does not change with every free megabyte. */
const PORTIONS = 4;

/** How a training fits into the available memory. */
export interface MemoryChoice {
  /** Number of checkpointed blocks, from the first. */
  readonly checkpointedBlocks: number;
  /** Memory of the training, measured or estimated, and free memory, in bytes. */
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
  /** Of steps measured with this choice; null when none were. */
  readonly times: StepTimes | null;
}

export interface GradientCheckpointingContext {
  readonly stepTimes: Pick<StepTimeRepository, 'get'>;
  readonly settings: { get(): Settings };
  /** Free memory of this machine in bytes. */
  readonly freeMemory: () => number;
  /** Free bytes on the GPU that trainings use; null if they use none. */
  readonly freeCardMemory: () => number | null;
  readonly estimates: Pick<MemoryEstimates, 'training' | 'card'>;
  /** The level of the kernels that engines use here; null: they use none. */
  readonly kernels: () => Promise<string | null>;
}

interface Candidate {
  readonly choice: MemoryChoice;
  /** Including compilation. */
  readonly needed: number;
}

const sameFor = (bytes: number): TrainingMemory => ({ running: bytes, compiling: bytes });

/** Threads prefetch images while the first step compiles. */
const withInput = ({ running, compiling }: TrainingMemory, input: number): TrainingMemory => ({
  running: running + input,
  compiling: compiling + input,
});

/**
 * Chooses how many blocks are checkpointed (arXiv 1604.06174): as few as fit into the free memory;
 * if nothing fits, the number that needs the least.
 */
export class GradientCheckpointing {
  readonly #c: GradientCheckpointingContext;

  constructor(context: GradientCheckpointingContext) {
    this.#c = context;
  }

  /**
   * @param earlier blocks checkpointed in the run's previous session: at least as many are used, so
   * that it resumes bit for bit as long as they fit
   */
  async choose(request: MemoryRequest, earlier = 0): Promise<MemoryChoice> {
    const kernels = await this.#c.kernels();
    const onCard = this.#c.freeCardMemory() !== null;
    const free = this.freeBytes();
    const threads = engineThreads(this.#c.settings.get());
    const loading = inputBytes(request, loadingThreads(threads, free));
    const all = levels(request);
    const later = all.filter((blocks) => blocks >= earlier);
    const tried: Candidate[] = [];
    for (const checkpointedBlocks of later.length > 0 ? later : all.slice(-1)) {
      const times = this.#c.stepTimes.get(this.#keyWith(kernels, request, checkpointedBlocks));
      const ways = { checkpointedBlocks, kernels: kernels !== null, threads };
      const { running, compiling } = onCard
        ? sameFor(await this.#c.estimates.card(request, checkpointedBlocks))
        : times === null
          ? withInput(await this.#c.estimates.training(request, ways), loading)
          : sameFor(times.peakBytes + loading);
      const choice: MemoryChoice = {
        checkpointedBlocks,
        memoryBytes: Math.round(running),
        memoryFreeBytes: free,
        times,
      };
      // More blocks need more memory to compile, which may be the peak.
      const needed = Math.max(running, compiling);
      if (needed <= USABLE_SHARE * free) return choice;
      tried.push({ choice, needed });
    }
    const [least] = tried.toSorted((a, b) => a.needed - b.needed);
    if (least === undefined) throw new Error('there is always one choice');
    return least.choice;
  }

  /** Free memory where trainings run: on the GPU, or on the machine. */
  freeBytes(): number {
    return Math.round(this.#c.freeCardMemory() ?? this.#c.freeMemory());
  }

  /** The key under which times of such steps are stored. */
  async key(request: MemoryRequest, checkpointedBlocks: number): Promise<string> {
    return this.#keyWith(await this.#c.kernels(), request, checkpointedBlocks);
  }

  #keyWith(
    kernels: string | null,
    { architecture, config }: MemoryRequest,
    checkpointedBlocks: number,
  ): string {
    return speedKey(architecture, config, this.#c.settings.get(), kernels, checkpointedBlocks);
  }
}

/**
 * Numbers of blocks to choose from, ascending. The last block is used first in the backward pass:
 * checkpointing it saves nothing.
 */
function levels({ architecture, config }: MemoryRequest): number[] {
  const depth = familyOf(architecture).blocks(architecture);
  const most = methodSpec(config.tuning.method).scope === 'head' ? 0 : Math.max(0, depth - 1);
  if (config.gradientCheckpointing === 'never') return [0];
  if (config.gradientCheckpointing === 'always') return [most];
  const portion = Math.ceil(depth / PORTIONS);
  const all = Array.from({ length: PORTIONS }, (_, i) => Math.min(most, i * portion));
  return [...new Set([...all, most])];
}

/** @param architecture at the run's image size */
export function memoryRequest(
  architecture: Architecture,
  config: TrainingConfig,
  { task, classes }: { readonly task: TaskSpec; readonly classes: number },
): MemoryRequest {
  const trained = trainedParameters(architecture, config.tuning, task.outputs(classes));
  return {
    ...{ architecture, config, task: task.name, classes },
    adapterParameters: trained.adapter,
    headParameters: trained.head,
  };
}
