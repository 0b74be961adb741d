import type { Settings } from '../../../../shared/contract/window/system.ts';
import { nearSize, type Architecture } from '../../../../shared/models/registry.ts';
import { loadingThreads } from '../../../../shared/domain/loading-threads.ts';
import type { TrainingConfig } from '../../../../shared/domain/training.ts';
import { methodSpec, tuningOf } from '../../../../shared/methods/registry.ts';
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

/** Share of the free memory that a training is to have: the estimate is not exact, and others need some. */
const USABLE_SHARE = 0.9;

/** The blocks are recomputed in so many portions, so that the choice is not another with each megabyte that is free. */
const PORTIONS = 4;

/** How a training is fitted into the memory that there is. */
export interface MemoryChoice {
  /** Blocks, from the first, that are computed again in the backward pass. */
  readonly checkpointedBlocks: number;
  /** What the training takes then, measured or estimated, and what is free for it. */
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
  /** Of steps measured with this choice; null when none were. */
  readonly times: StepTimes | null;
}

export interface GradientCheckpointingContext {
  readonly stepTimes: Pick<StepTimeRepository, 'get'>;
  readonly settings: { get(): Settings };
  /** Bytes that a program can take on this machine. */
  readonly freeMemory: () => number;
  /** Bytes that are free on the graphics card that trainings run on; null when they run on none. */
  readonly freeCardMemory: () => number | null;
  readonly estimates: Pick<MemoryEstimates, 'training' | 'card'>;
  /** The level of the kernels that engines use here; null: they use none. */
  readonly kernels: () => Promise<string | null>;
}

interface Candidate {
  readonly choice: MemoryChoice;
  /** With the compiling. */
  readonly needed: number;
}

const sameFor = (bytes: number): TrainingMemory => ({ running: bytes, compiling: bytes });

/** Threads make images ahead while the first step compiles. */
const withInput = ({ running, compiling }: TrainingMemory, input: number): TrainingMemory => ({
  running: running + input,
  compiling: compiling + input,
});

/**
 * Chooses how many blocks are computed again in the backward pass (arXiv 1604.06174): as few as fit into the memory
 * that is free. Where nothing fits, those with which it takes the least: they have the best chance.
 */
export class GradientCheckpointing {
  readonly #c: GradientCheckpointingContext;

  constructor(context: GradientCheckpointingContext) {
    this.#c = context;
  }

  /**
   * @param earlier blocks that the run recomputed when it was trained before: it stays with that many or more, so that
   *   it goes on bit for bit as long as they fit
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
      // More blocks take longer to compile, which may be what takes the most.
      const needed = Math.max(running, compiling);
      if (needed <= USABLE_SHARE * free) return choice;
      tried.push({ choice, needed });
    }
    const [least] = tried.toSorted((a, b) => a.needed - b.needed);
    if (least === undefined) throw new Error('there is always one choice');
    return least.choice;
  }

  /** What is free where trainings run: on the graphics card, or on the machine. */
  freeBytes(): number {
    return Math.round(this.#c.freeCardMemory() ?? this.#c.freeMemory());
  }

  /** The name under which steps of such a training are kept. */
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

/** Numbers of blocks that may be recomputed, rising. The last block is used at once: to recompute it saves nothing. */
function levels({ architecture: { depth }, config }: MemoryRequest): number[] {
  const most = methodSpec(config.method).scope === 'head' ? 0 : Math.max(0, depth - 1);
  if (config.gradientCheckpointing === 'never') return [0];
  if (config.gradientCheckpointing === 'always') return [most];
  const portion = Math.ceil(depth / PORTIONS);
  const all = Array.from({ length: PORTIONS }, (_, i) => Math.min(most, i * portion));
  return [...new Set([...all, most])];
}

/** @param architecture at the side of the run's images */
export function memoryRequest(
  architecture: Architecture,
  config: TrainingConfig,
  { task, classes }: { readonly task: TaskSpec; readonly classes: number },
): MemoryRequest {
  const trained = trainedParameters(architecture, tuningOf(config), task.outputs(classes));
  return {
    ...{ architecture, config, task: task.name, classes },
    adapterParameters: trained.adapter,
    headParameters: trained.head,
  };
}

/** The backbone at the side of the run's images; of a side that does not fit, the nearest that does. */
export function workingArchitecture(
  architecture: Architecture,
  config: Pick<TrainingConfig, 'imageSize'>,
): Architecture {
  return nearSize(architecture, config.imageSize);
}
