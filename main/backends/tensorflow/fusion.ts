import type { MadeValue } from '../../graph/liveness.ts';
import type { ProgramFunction } from '../../graph/program.ts';
import { sameShape, sizeOf, staticShape, type Tensor } from '../../graph/tensor.ts';
import { calledOn, packedBytes } from './custom-calls.ts';
import { legalFunction } from './legal.ts';

/** Operations that XLA fuses into the loops that read them (`CpuInstructionFusion`). */
const BY_NUMBER = new Set(
  [
    ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greaterEqual', 'select', 'neg', 'cast'],
    ['exp', 'log', 'sqrt', 'rsqrt', 'erf', 'tanh', 'sigmoid'],
    ['broadcastTo', 'transpose', 'slice', 'concat', 'pad'],
  ].flat(),
);
/**
 * Too expensive to recompute for several readers (`InstructionFusion::IsExpensive`), so computed
 * once.
 */
const COSTLY = new Set(['exp', 'log', 'sqrt', 'rsqrt', 'erf', 'tanh', 'sigmoid']);
/** Not fused: XLA materialises the padded gradients of slices before it adds them. */
const WHOLE = 'pad';
/** Operations whose output has the same elements as their input. */
const VIEWS = new Set(['reshape', 'stopGradient']);
const SOURCES = new Set(['input', 'variable', 'constant']);

/** One loop or call of a compiled function: the unit that has memory of its own. */
export interface Computation extends MadeValue<Tensor> {
  /** Bytes of scratch memory per calling thread. */
  readonly scratch: number;
}

export interface Computations {
  /** Each after those it reads. */
  readonly list: readonly Computation[];
  /**
   * Values returned to the caller. Updates are not among them: they reuse the memory of the
   * variable's old value.
   */
  readonly results: ReadonlySet<Tensor>;
}

/**
 * Predicts the loops and calls that XLA compiles a function to on the CPU, by the fusion rules of
 * TensorFlow 2.21. Element-wise operations and moves that only loops read are fused into these and
 * have no buffer. Operands of calls are materialised. Loops read such a value too, unless it
 * depends on a single input of its size: then they recompute it from that input
 * (`ComputeGloballyUnfusible`), which stays alive for longer.
 *
 * @param kernels whether the process has registered our kernels
 */
export function computationsOf(fn: ProgramFunction, kernels: boolean): Computations {
  const { order, resolve, calls } = legalFunction(fn, kernels);
  const inputsOf = (node: Tensor): readonly Tensor[] =>
    calls(node) ? calledOn(node) : node.inputs;
  const isLoop = (node: Tensor): boolean => BY_NUMBER.has(node.op) && !calls(node);
  const results = new Set(Object.values(fn.outputs).map((t) => seen(resolve(t))));
  const updates = new Set(fn.updates.map(({ value }) => seen(resolve(value))));
  const needed = neededOf([...results, ...updates], order, inputsOf);
  const readers = readersOf(needed, inputsOf);

  // Backwards from the results: whether a node is materialised depends on its readers.
  const stored = new Set<Tensor>();
  const handed = new Set<Tensor>();
  for (const node of needed.toReversed()) {
    if (SOURCES.has(node.op)) continue;
    const own = readers.get(node) ?? [];
    if (own.some((reader) => (VIEWS.has(reader.op) ? handed.has(reader) : !isLoop(reader))))
      handed.add(node);
    if (VIEWS.has(node.op)) continue;
    const shared = own.length > 1 && COSTLY.has(node.op);
    if (!isLoop(node) || handed.has(node) || results.has(node) || updates.has(node) || shared)
      stored.add(node);
    else if (node.op === WHOLE) stored.add(node);
  }
  const again = (node: Tensor): boolean =>
    isLoop(node) &&
    node.op !== WHOLE &&
    !COSTLY.has(node.op) &&
    !results.has(node) &&
    !updates.has(node) &&
    largeInputs(node) <= 1;

  const readsOf = (node: Tensor): Set<Tensor> => {
    const reads = new Set<Tensor>();
    const passed = new Set<Tensor>();
    const pending = inputsOf(node).map((x) => ({ value: seen(x), inLoop: isLoop(node) }));
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { value, inLoop } = next;
      if (passed.has(value) || value.op === 'constant') continue;
      passed.add(value);
      if (SOURCES.has(value.op) || (stored.has(value) && !(inLoop && again(value))))
        reads.add(value);
      else pending.push(...inputsOf(value).map((x) => ({ value: seen(x), inLoop: true })));
    }
    return reads;
  };
  const list = needed
    .filter((node) => stored.has(node))
    .map((key): Computation => ({
      key,
      bytes: updates.has(key) ? 0 : sizeOf(staticShape(key.shape)) * Float32Array.BYTES_PER_ELEMENT,
      reads: readsOf(key),
      scratch: calls(key) ? packedBytes(key) : 0,
    }));
  return { list, results };
}

/** Resolves views to the tensor whose elements they show. */
function seen(tensor: Tensor): Tensor {
  let base = tensor;
  for (let [x] = base.inputs; VIEWS.has(base.op) && x !== undefined; [x] = base.inputs) base = x;
  return base;
}

function neededOf(
  goals: readonly Tensor[],
  order: readonly Tensor[],
  inputsOf: (node: Tensor) => readonly Tensor[],
): Tensor[] {
  const needed = new Set(goals);
  for (const node of order.toReversed())
    if (needed.has(node)) for (const x of inputsOf(node)) needed.add(x);
  return order.filter((node) => needed.has(node));
}

function readersOf(
  nodes: readonly Tensor[],
  inputsOf: (node: Tensor) => readonly Tensor[],
): Map<Tensor, Tensor[]> {
  const readers = new Map<Tensor, Tensor[]>();
  for (const node of nodes) {
    for (const x of new Set(inputsOf(node))) {
      const known = readers.get(x);
      if (known === undefined) readers.set(x, [node]);
      else known.push(node);
    }
  }
  return readers;
}

/**
 * Inputs read element by element with the result; inputs broadcast along an axis are small and not
 * counted.
 */
function largeInputs(node: Tensor): number {
  const axes = ({ shape }: Tensor): number => shape.filter((side) => side !== 1).length;
  return node.inputs.filter(
    (x) =>
      axes(x) >= axes(node) &&
      (x.op !== 'broadcastTo' || sameShape(x.inputs[0]?.shape ?? [], x.shape)),
  ).length;
}
