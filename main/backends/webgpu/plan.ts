import { GraphError } from '../../graph/graph-error.ts';
import { isNode } from '../../graph/registry.ts';
import {
  hasOpenBatch,
  type Program,
  type ProgramFunction,
  type Values,
} from '../../graph/program.ts';
import type { DType, Tensor } from '../../graph/tensor.ts';
import { ALIGNMENT, alignedBytes, layOut, type Arenas, type Lifetime } from './arenas.ts';
import { fuse } from './fusion.ts';
import { dispatchesOf, scratchOf } from './kernels/registry.ts';
import { legalFunction } from './legal.ts';
import { lifetimesOf, updateInPlace } from './lifetimes.ts';
import { mergeKernels, type ScheduledKernel } from './merging.ts';
import { Shader, type Dispatch, type MemoryAccess } from './shader.ts';
import { sizeOfTensor, type Place, type Storage, type Value } from './storage.ts';

/** A tensor in memory that is read when a function has run. */
export interface Result {
  readonly place: Place;
  readonly size: number;
  readonly dtype: DType;
}

/** Everything that running a function takes: nothing is decided while it runs. */
export interface FunctionPlan {
  readonly dispatches: readonly Dispatch[];
  readonly lifetimes: readonly Lifetime[];
  readonly arenas: Arenas;
  readonly inputs: readonly Value[];
  readonly constants: ReadonlyMap<Value, Values>;
  readonly outputs: Readonly<Record<string, Result>>;
  /** New values of variables that could not be written in place, copied after all else. */
  readonly copies: readonly { readonly from: Result; readonly variable: string }[];
}

export interface ProgramPlan {
  readonly functions: Readonly<Record<string, FunctionPlan>>;
  /** Bytes of each arena; the functions, which run one at a time, share them. */
  readonly arenas: readonly number[];
  /** Bytes of device memory of all buffers: arenas, variables, inputs, constants, offsets, results. */
  readonly bytes: number;
}

/**
 * @param limit bytes of the largest buffer
 * @throws GraphError for an open batch
 */
export function planProgram(program: Program, limit: number): ProgramPlan {
  const functions = Object.fromEntries(
    Object.entries(program.functions).map(([name, fn]) => [name, planFunction(name, fn, limit)]),
  );
  const plans = Object.values(functions);
  const count = Math.max(0, ...plans.map(({ arenas }) => arenas.sizes.length));
  const arenas = Array.from({ length: count }, (_, i) =>
    Math.max(...plans.map(({ arenas: { sizes } }) => sizes[i] ?? 0)),
  );
  const sum = (bytes: readonly number[]): number => bytes.reduce((a, b) => a + b, 0);
  const variables = program.variables.map((variable) => alignedBytes(sizeOfTensor(variable)));
  const own = plans.map(
    ({ dispatches, inputs, constants, outputs }) =>
      Math.max(1, dispatches.length) * ALIGNMENT +
      sum([...inputs, ...constants.keys()].map(({ size }) => alignedBytes(size))) +
      sum(Object.values(outputs).map(({ size }) => alignedBytes(size))),
  );
  return { functions, arenas, bytes: sum([...arenas, ...variables, ...own]) };
}

function planFunction(name: string, fn: ProgramFunction, limit: number): FunctionPlan {
  if (hasOpenBatch(fn)) throw new GraphError(`"${name}" has an open batch`);
  const legal = legalFunction(fn);
  const fused = fuse(legal);
  const { storage } = fused;
  const schedule = mergeKernels(legal, fused);
  const copies = updateInPlace(legal, schedule, storage);
  const scratch = new Map(
    schedule.flatMap((kernel) => {
      const value = scratchOf(kernel);
      return value === null ? [] : [[kernel, value] as const];
    }),
  );
  const lifetimes = lifetimesOf(legal, schedule, storage, copies, scratch);
  const arenas = layOut(lifetimes, limit);
  const dispatches = schedule.flatMap((kernel) => {
    const own = scratch.get(kernel) ?? null;
    const memory = memoryOf(kernel, storage, arenas, own);
    return dispatchesOf(kernel, storage, () => new Shader(memory), own);
  });
  const result = (node: Tensor): Result => {
    const place = storage.find(node);
    if (place === null) throw new GraphError(`"${node.op}" of "${name}" has no memory`);
    return { place, size: sizeOfTensor(node), dtype: node.dtype };
  };
  const constants = new Map<Value, Values>();
  for (const node of legal.order) {
    const place = isNode(node, 'constant') ? storage.find(node) : null;
    if (isNode(node, 'constant') && place !== null)
      constants.set(place.value, node.attributes.values);
  }
  const inputs = new Set(
    legal.order.flatMap((node) => (node.op === 'input' ? [storage.find(node)?.value] : [])),
  );
  return {
    dispatches,
    lifetimes,
    arenas,
    inputs: [...inputs].filter((value) => value !== undefined),
    constants,
    outputs: Object.fromEntries(
      Object.entries(legal.outputs).map(([key, node]) => [key, result(node)]),
    ),
    copies: copies.map(({ variable, value }) => ({
      from: result(value),
      variable: variable.attributes.name,
    })),
  };
}

/**
 * No buffer may be bound to be read and to be written in one call: what lies in an arena into which
 * the kernel writes is bound for both. Ranges that are bound for writing must not overlap, so a
 * value that is touched in several places is bound whole then.
 */
function memoryOf(
  { outputs, reads }: ScheduledKernel,
  storage: Storage,
  { regions }: Arenas,
  scratch: Value | null,
): MemoryAccess {
  const written = new Set(outputs.map((output) => storage.find(output)?.value));
  if (scratch !== null) written.add(scratch);
  const arenas = new Set(
    [...written].flatMap((value) => (value === undefined ? [] : [regions.get(value)?.arena])),
  );
  const offsets = new Map<Value, Set<number>>();
  for (const node of [...outputs, ...reads.keys()]) {
    const place = storage.find(node);
    if (place === null) continue;
    offsets.set(place.value, (offsets.get(place.value) ?? new Set()).add(place.offset));
  }
  return {
    access: (value) => {
      const region = regions.get(value);
      const both = region === undefined ? written.has(value) : arenas.has(region.arena);
      return both ? 'read_write' : 'read';
    },
    single: (value) => (offsets.get(value)?.size ?? 1) === 1,
  };
}
