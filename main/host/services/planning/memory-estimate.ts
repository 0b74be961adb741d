import { functionMemory, type FunctionMemory } from '../../../backends/tensorflow/memory.ts';
import { trainingPrograms, type TrainingPrograms } from '../../../engine/train/programs.ts';
import type { ProgramFunction } from '../../../graph/program.ts';
import { sizeOf, staticShape, type Tensor } from '../../../graph/tensor.ts';
import { taskNamed } from '../../../tasks/registry.ts';
import type { MemoryRequest, MemoryWays, TrainingMemory } from './memory-estimates.ts';

const MIB = 2 ** 20;
const FLOAT = 4;

/**
 * What no graph says, measured on Linux with TensorFlow 2.21 as differences between processes with different graphs:
 * the process with Node, TensorFlow and the pages of their libraries that a step reads …
 */
const RUNTIME_BYTES = 420 * MIB;
/** … a compiled loop or call: its machine code, XLA's record of it and its nodes in the session's graph … */
const COMPUTATION_BYTES = 0.115 * MIB;
/** … and what the compiler takes, for itself and for each loop or call. */
const COMPILER_BYTES = 55 * MIB;
const COMPILING_COMPUTATION_BYTES = 0.45 * MIB;

/**
 * Share of the weights that TensorFlow copies when they are set: it keeps an array as it is when that begins at a
 * multiple of 64 bytes, and `malloc` aligns to 16.
 */
const COPIED_SHARE = 3 / 4;

/**
 * Estimate of the memory of a training, from the graphs that its engine will run: what they hold when they hold the
 * most, their variables, and before the first step the arrays that variables are set from.
 * `npm run test:full -- --only memory` holds it within 10 % of what is measured (docs/speed.md).
 */
export function trainingMemory(
  request: MemoryRequest,
  { checkpointedBlocks, kernels, threads }: MemoryWays,
): TrainingMemory {
  const programs = programsOf(request, checkpointedBlocks);
  const functions = functionsOf(programs);
  const memories = functions.map((fn) => functionMemory(fn, kernels));
  const computations = sum(memories.map((m) => m.computations));
  const inputs = Math.max(...functions.map((fn) => sizeOfAll(fn.inputs)));
  const { frozen, trained, state } = variablesOf(programs);
  const compiled = COMPUTATION_BYTES * computations;
  // As the loader or a test made them, and as TensorFlow is handed them.
  const fed = 2 * inputs;
  // Trained tensors are read, packed with what the optimizer keeps of them, and copied.
  const set = (1 + COPIED_SHARE) * frozen + trained + 2 * state;
  const stepping =
    frozen + state + most(memories, 'values') + threads * most(memories, 'scratch') + fed;
  return {
    running: RUNTIME_BYTES + compiled + Math.max(set + fed, stepping),
    compiling: RUNTIME_BYTES + set + COMPILER_BYTES + COMPILING_COMPUTATION_BYTES * computations,
  };
}

/**
 * Estimate of the most that a training takes on a graphics card: variables and what its functions hold. XLA makes loops
 * there by other rules, and on a card this was not measured.
 */
export function cardMemory(request: MemoryRequest, checkpointedBlocks: number): number {
  const programs = programsOf(request, checkpointedBlocks);
  const functions = functionsOf(programs);
  const { frozen, state } = variablesOf(programs);
  const inputs = Math.max(...functions.map((fn) => sizeOfAll(fn.inputs)));
  const values = Math.max(...functions.map((fn) => functionMemory(fn, false).values));
  return frozen + state + inputs + values;
}

function programsOf(
  { config, architecture, task, classes }: MemoryRequest,
  checkpointedBlocks: number,
): TrainingPrograms {
  // A plan without a dataset knows of no classes.
  const trained = { task: taskNamed(task), classes: Math.max(1, classes) };
  return trainingPrograms(config, architecture, trained, checkpointedBlocks);
}

/** The functions that updates are made with, and the features before them. */
function functionsOf({ program, features }: TrainingPrograms): ProgramFunction[] {
  const updating = Object.values(program.functions).filter(({ updates }) => updates.length > 0);
  return [...Object.values(features?.functions ?? {}), ...updating];
}

/** Bytes of the variables: of frozen tensors, of trained ones, and of these with what the optimizer keeps. */
function variablesOf({ program, features }: TrainingPrograms): {
  frozen: number;
  trained: number;
  state: number;
} {
  const updated = new Set(
    Object.values(program.functions).flatMap(({ updates }) => updates.map((u) => u.variable)),
  );
  const all = [...program.variables, ...(features?.variables ?? [])];
  return {
    frozen: sizeOfAll(all.filter((variable) => !updated.has(variable))),
    trained: sizeOfAll(all.filter(({ attributes }) => attributes.name.startsWith('trained.'))),
    state: sizeOfAll([...updated]),
  };
}

const sizeOfAll = (tensors: readonly Tensor[]): number =>
  FLOAT * sum(tensors.map(({ shape }) => sizeOf(staticShape(shape))));

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const most = (memories: readonly FunctionMemory[], what: keyof FunctionMemory): number =>
  Math.max(...memories.map((m) => m[what]));
