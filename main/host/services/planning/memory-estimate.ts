import {
  parameterCount,
  tokenCount,
  type VitArchitecture,
} from '../../../../shared/domain/architecture.ts';
import type { TrainingConfig } from '../../../../shared/domain/training.ts';

/** What the memory of a training follows from. */
export interface MemoryRequest {
  /** At the side of the run's images. */
  readonly architecture: VitArchitecture;
  readonly config: TrainingConfig;
  readonly adapterParameters: number;
  readonly headParameters: number;
}

/** How the training is carried out. */
export interface MemoryWays {
  /** Blocks, from the first, that are computed again in the backward pass. */
  readonly recomputedBlocks: number;
  /** Whether the engine has its own kernels here, for trainings that may use them. */
  readonly kernels: boolean;
  /** Threads that load images beside the step. */
  readonly loadingThreads: number;
}

const MIB = 2 ** 20;
const FLOAT = 4;

/** The process with TensorFlow in it, before any model. */
const RUNTIME_BYTES = 580 * MIB;

/**
 * What compiling takes: for a step with a backward pass, for each block of it, and more for one that is recomputed; for
 * each block of a forward pass alone.
 */
const COMPILING_STEP_BYTES = 110 * MIB;
const COMPILING_BLOCK_BYTES = 33 * MIB;
const COMPILING_RECOMPUTED_BLOCK_BYTES = 11 * MIB;
const COMPILING_FORWARD_BLOCK_BYTES = 2 * MIB;

/**
 * Copies of each weight that stays as it is: as it is read, on its way, and where it is used; with the kernels the first
 * is given back before the step …
 */
const FROZEN_COPIES = 3;
const FROZEN_COPIES_KERNELS = 2;
/** … and the share of W + ΔW that is there beside W at one moment. */
const ADAPTED_COPIES = 0.4;

/** Copies of each trained number: value, gradient, two moments, and the new ones of an update. */
const TRAINED_COPIES = 6;

/** Numbers that a block keeps of each token for its backward pass, in widths and in hidden widths … */
const KEPT_WIDTHS = 10;
const KEPT_HIDDENS = 1.5;
/** … and of each pair of tokens, in each head; none with the kernels. */
const KEPT_SCORES = 2;

/** Batches that are made ahead, at most, and the bytes that they may have together (as the engine's loader does it). */
const BATCHES_AHEAD = 16;
const BYTES_AHEAD = 256 * MIB;

/** A thread that decodes and augments, with its heap. */
const LOADING_THREAD_BYTES = 96 * MIB;

/**
 * Bytes that the images take on their way to the step: those made ahead, and the threads that make them. With the
 * peak of a measured step, which has no such threads, it is what a training takes.
 */
export function inputBytes(
  { architecture, config }: Pick<MemoryRequest, 'architecture' | 'config'>,
  loadingThreads: number,
): number {
  const batch = config.batchSize * 3 * architecture.imageSize ** 2 * FLOAT;
  const ahead = Math.min(BATCHES_AHEAD, Math.max(2, Math.floor(BYTES_AHEAD / Math.max(1, batch))));
  return LOADING_THREAD_BYTES * loadingThreads + (ahead + 1) * batch;
}

/**
 * Estimate of the most memory that training with these settings takes, from the shapes alone: runtime and compiler,
 * weights and what the optimizer keeps, and what the forward pass leaves for the backward pass.
 *
 * The constants above were fitted to peaks (resident memory on Linux, two threads, programs not yet compiled). Without kernels it is
 * 10 and 13 % above those of ViT-Tiny/16 with batches of 16 and 64, and 23 % above that of ViT-Base/16 with a batch of 8.
 * With kernels, where what compiling takes is given back before the step, it is from 6 % below to 8 % above
 * them (ViT-Tiny/16 with 16 and 64, ViT-Small/16 with 16, ViT-Base/16 with 2 and 8 images, with and without eleven recomputed blocks).
 */
export function trainingMemory(
  request: MemoryRequest,
  { recomputedBlocks, kernels, loadingThreads }: MemoryWays,
): number {
  const uses = kernels && request.config.matmulPrecision === 'high';
  const runtime = RUNTIME_BYTES + inputBytes(request, loadingThreads);
  const compiling = compilingBytes(request, recomputedBlocks);
  const copies = uses ? FROZEN_COPIES_KERNELS : FROZEN_COPIES;
  const step =
    FLOAT *
    (weightNumbers(request, copies, recomputedBlocks) +
      keptNumbers(request, recomputedBlocks, uses));
  // Epochs on all patches follow those that drop some: `patchDrop` saves time, and no memory in the end.
  const later = request.config.patchDrop > 0 ? compiling : 0;
  if (!uses) return runtime + step + compiling + later;
  // No W + ΔW is there yet, as if every block were recomputed.
  const before = weightNumbers(request, 1, request.architecture.depth);
  const compiled = FLOAT * before + compiling;
  return runtime + Math.max(compiled, step + later);
}

/** What compiling a step takes. */
function compilingBytes(
  { architecture: a, config }: MemoryRequest,
  recomputedBlocks: number,
): number {
  if (config.method === 'linear') return COMPILING_FORWARD_BLOCK_BYTES * a.depth;
  return (
    COMPILING_STEP_BYTES +
    COMPILING_BLOCK_BYTES * a.depth +
    COMPILING_RECOMPUTED_BLOCK_BYTES * recomputedBlocks
  );
}

/**
 * Estimate of the most that a training takes on a graphics card: weights, what the optimizer keeps and what the forward
 * pass leaves. The same numbers as on the processor; on a card they were not measured.
 */
export function cardMemory(request: MemoryRequest, recomputedBlocks = 0): number {
  const numbers = weightNumbers(request, 1, recomputedBlocks);
  return FLOAT * (numbers + keptNumbers(request, recomputedBlocks, false));
}

/** Numbers of all weights with their copies. */
function weightNumbers(
  request: MemoryRequest,
  frozenCopies: number,
  recomputedBlocks: number,
): number {
  const { architecture: a, config, adapterParameters, headParameters } = request;
  const trained = adapterParameters + headParameters;
  const frozen = config.method === 'full' ? 0 : parameterCount({ ...a, classes: 0 });
  // W + ΔW of a recomputed block is made anew for the backward pass.
  const keptShare = (a.depth - recomputedBlocks) / a.depth;
  const adapted = config.method === 'karst' ? ADAPTED_COPIES * keptShare * frozen : 0;
  const sums = config.accumulate > 1 ? 1 : 0;
  return frozenCopies * frozen + adapted + (TRAINED_COPIES + sums) * trained;
}

/** Numbers that the forward pass of a batch leaves, at the moment when they are most. */
function keptNumbers(
  { architecture: a, config }: MemoryRequest,
  recomputedBlocks: number,
  kernels: boolean,
): number {
  // Without a backward pass a block's numbers make room for the next one's.
  const whole = config.method === 'linear' ? 2 : a.depth;
  const given = recomputedBlocks * tokenCount(a) * a.width;
  const blocks = Math.max(whole - recomputedBlocks, 1);
  return Math.max(1, config.batchSize) * (blocks * blockNumbers(a, kernels) + given);
}

/** Numbers that one block keeps for one image. */
function blockNumbers(a: VitArchitecture, kernels: boolean): number {
  const tokens = tokenCount(a);
  const perToken = KEPT_WIDTHS * a.width + KEPT_HIDDENS * a.hidden;
  return tokens * perToken + (kernels ? 0 : KEPT_SCORES * a.heads * tokens ** 2);
}
