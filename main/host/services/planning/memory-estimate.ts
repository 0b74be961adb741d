import { functionMemory, type FunctionMemory } from '../../../backends/tensorflow/memory.ts';
import { trainingPrograms, type TrainingPrograms } from '../../../engine/train/programs.ts';
import type { ProgramFunction } from '../../../graph/program.ts';
import { sizeOf, staticShape, type Tensor } from '../../../graph/tensor.ts';
import { taskNamed } from '../../../tasks/registry.ts';
import type { MemoryRequest, MemoryWays, TrainingMemory } from './memory-estimates.ts';

const MIB = 2 ** 20;
const FLOAT = 4;

/**
 * Constants that no graph contains, measured on Linux with TensorFlow 2.21 as differences between
 * processes with different graphs: the process with Node, TensorFlow and the pages of their
 * libraries that a step reads …
 */
const RUNTIME_BYTES = 420 * MIB;
/** … a compiled loop or call: its machine code, XLA's record of it and its nodes in the session's graph … */
const COMPUTATION_BYTES = 0.115 * MIB;
/** … and the compiler's memory, fixed and per loop or call. */
const COMPILER_BYTES = 55 * MIB;
const COMPILING_COMPUTATION_BYTES = 0.45 * MIB;

/**
 * Fraction of the weights that TensorFlow copies when they are set: it borrows arrays aligned to 64
 * bytes, and `malloc` aligns to 16.
 */
const COPIED_SHARE = 3 / 4;

/**
 * Estimates a training's memory from the graphs that its engine will run: their peak liveness,
 * their variables, and before the first step the arrays that variables are set from. `npm run
 * test:full -- --only memory` checks it within 10 % of the measured peak (docs/speed.md).
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
  // Once as made by the loader, and once as handed to TensorFlow.
  const fed = 2 * inputs;
  // Trained tensors are read, packed with the optimizer's state, and copied.
  const set = (1 + COPIED_SHARE) * frozen + trained + 2 * state;
  const stepping =
    frozen + state + most(memories, 'values') + threads * most(memories, 'scratch') + fed;
  return {
    running: RUNTIME_BYTES + compiled + Math.max(set + fed, stepping),
    compiling: RUNTIME_BYTES + set + COMPILER_BYTES + COMPILING_COMPUTATION_BYTES * computations,
  };
}

/**
 * Estimates a training's peak memory on a GPU: variables and the liveness of its functions. XLA
 * fuses by other rules there, and this was not measured on a GPU.
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
  // A plan without a dataset has no classes.
  const trained = { task: taskNamed(task), classes: Math.max(1, classes) };
  return trainingPrograms(config, architecture, trained, checkpointedBlocks);
}

/** The functions of an update, and those of the features before. */
function functionsOf({ program, features }: TrainingPrograms): ProgramFunction[] {
  const updating = Object.values(program.functions).filter(({ updates }) => updates.length > 0);
  return [...Object.values(features?.functions ?? {}), ...updating];
}

/**
 * Bytes of the variables: frozen tensors, trained ones, and the latter with the optimizer's state.
 */
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
