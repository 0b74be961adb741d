import { isNode } from '../../graph/registry.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { costOf, hasKernel, isArithmetic, isCheap, ONCE, operandAllowance } from './classes.ts';
import { isLeading, isSource, withoutViews, type LegalFunction } from './legal.ts';
import { sizeOfTensor, Storage, type Value } from './storage.ts';

/** What one kernel computes. */
export interface Kernel {
  /** The operation whose algorithm the kernel is; null if it goes element by element. */
  readonly anchor: Tensor | null;
  /** What it writes: the anchor's result, and values computed from it or without it. */
  readonly outputs: readonly Tensor[];
}

/** A function divided into kernels, each after those whose results it reads. */
export interface Fused {
  readonly kernels: readonly Kernel[];
  readonly storage: Storage;
}

/** A kernel binds at most as many buffers as every device allows. */
export const MOST_BINDINGS = 8;

/**
 * Decides which tensors of a function are kept in memory. All others are expressions within the
 * kernels that read them. There is one kernel for each tensor that is kept; `merging.ts` joins
 * them.
 */
export function fuse(fn: LegalFunction): Fused {
  const forced = new Set<Tensor>();
  for (;;) {
    const fused = divide(fn, forced);
    const tooMany = fused.kernels.filter((k) => bindings(k, fused.storage) > MOST_BINDINGS);
    if (tooMany.length === 0) return fused;
    for (const kernel of tooMany) forced.add(largestPart(kernel, fused.storage));
  }
}

function divide(fn: LegalFunction, forced: ReadonlySet<Tensor>): Fused {
  const storage = new Storage();
  const stored = storedTensors(fn, forced);
  const valueOf = (node: Tensor, kind: Value['kind'], name: string): Value => {
    const value = { kind, name, size: sizeOfTensor(node) };
    storage.place(node, { value, offset: 0 });
    return value;
  };
  const parts = new Set<Tensor>();
  const named = new Map<string, Value>();
  for (const node of [...fn.order, ...fn.updates.map(({ variable }) => variable)]) {
    if (isNode(node, 'variable') || isNode(node, 'input')) {
      const { name } = node.attributes;
      const key = `${node.op} ${name}`;
      const value = named.get(key) ?? valueOf(node, node.op, name);
      named.set(key, value);
      storage.place(node, { value, offset: 0 });
    } else if (node.op === 'constant' && literalOf(node) === null)
      valueOf(node, 'constant', node.op);
    else if (isLeading(node)) {
      const value = valueOf(node, 'computed', node.op);
      let offset = 0;
      for (const part of node.inputs) {
        const made = withoutViews(part);
        storage.place(made, { value, offset });
        parts.add(made);
        offset += sizeOfTensor(part);
      }
    }
  }
  const kernels = fn.order
    .filter((node) => stored.has(node) && !isLeading(node))
    .map((node): Kernel => {
      if (!parts.has(node)) valueOf(node, 'computed', node.op);
      return { anchor: hasKernel(node) ? node : null, outputs: [node] };
    });
  return { kernels: kernels.filter(({ outputs }) => outputs.some(sizeOfTensor)), storage };
}

/** Backwards from the results, as whether a node is kept depends on its readers. */
function storedTensors(fn: LegalFunction, forced: ReadonlySet<Tensor>): Set<Tensor> {
  const stored = new Set<Tensor>(forced);
  for (const node of Object.values(fn.outputs)) stored.add(node);
  for (const { value } of fn.updates) stored.add(value);
  const allowance = new Map<Tensor, number>();
  const uses = new Map<Tensor, number>();
  for (const node of fn.order.toReversed()) {
    if (isSource(node)) continue;
    const left = (allowance.get(node) ?? ONCE) - costOf(node);
    const times = uses.get(node) ?? 1;
    if (hasKernel(node) || node.op === 'stopGradient' || left < 0 || (times > 1 && !isCheap(node)))
      stored.add(node);
    if (isLeading(node)) {
      stored.add(node);
      for (const part of node.inputs) stored.add(withoutViews(part));
    }
    const kept = stored.has(node);
    [...new Set(node.inputs)].forEach((x) => {
      const given = kept ? (hasKernel(node) ? leastAllowance(node, x) : ONCE) : left;
      allowance.set(x, Math.min(allowance.get(x) ?? ONCE, given));
      uses.set(x, (uses.get(x) ?? 0) + (kept ? 1 : times));
    });
  }
  for (const node of stored) if (isSource(node)) stored.delete(node);
  return stored;
}

function leastAllowance(node: Tensor, x: Tensor): number {
  return Math.min(
    ...node.inputs.flatMap((input, i) => (input === x ? [operandAllowance(node, i)] : [])),
  );
}

/** The finite value that all elements of a constant have; null if there is none. */
export function literalOf(node: Tensor): number | null {
  if (!isNode(node, 'constant')) return null;
  const { values } = node.attributes;
  const [first = 0] = values;
  const alike = Number.isFinite(first) && values.every((value: number) => Object.is(value, first));
  return alike ? first : null;
}

/**
 * The stored tensors that a kernel reads, and whether each is read only at the element that is
 * written.
 */
export function readsOf({ anchor, outputs }: Kernel, storage: Storage): Map<Tensor, boolean> {
  const reads = new Map<Tensor, boolean>();
  const seen = new Set<Tensor>();
  const seenElsewhere = new Set<Tensor>();
  const pending: { node: Tensor; pointwise: boolean }[] = [];
  const expand = (node: Tensor, pointwise: boolean): void => {
    for (const x of node.inputs) {
      const same = node !== anchor && isPointwise(node) && sizeOfTensor(x) === sizeOfTensor(node);
      pending.push({ node: x, pointwise: pointwise && same });
    }
  };
  for (const output of outputs) expand(output, true);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, pointwise } = next;
    const passed = pointwise ? seen : seenElsewhere;
    if (passed.has(node)) continue;
    passed.add(node);
    const inside = node === anchor || outputs.includes(node);
    if (inside && pointwise) expand(node, true);
    else if (storage.find(node) !== null) reads.set(node, pointwise && reads.get(node) !== false);
    else expand(node, pointwise);
  }
  return reads;
}

/** Whether an element of the node needs only the elements of its inputs with the same number. */
function isPointwise(node: Tensor): boolean {
  return node.op === 'reshape' || isArithmetic(node);
}

function bindings(kernel: Kernel, storage: Storage): number {
  return bindingsOf(kernel.outputs, readsOf(kernel, storage).keys(), storage);
}

/** The number of buffers to bind for what a kernel writes and reads. */
export function bindingsOf(
  outputs: Iterable<Tensor>,
  reads: Iterable<Tensor>,
  storage: Storage,
): number {
  const places = [...outputs, ...reads].map((node) => storage.find(node));
  const values = new Map<Value, Set<number>>();
  for (const place of places) {
    if (place === null) continue;
    const known = values.get(place.value) ?? new Set();
    values.set(place.value, known.add(place.offset));
  }
  return [...values.values()].reduce((sum, offsets) => sum + offsets.size, 0);
}

/** An expression within a kernel that reads several tensors but fewer than the kernel. */
function largestPart(kernel: Kernel, storage: Storage): Tensor {
  const candidates: { node: Tensor; reads: number }[] = [];
  const pending = kernel.outputs.flatMap(({ inputs }) => inputs);
  const seen = new Set<Tensor>();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node) || storage.find(node) !== null || node.op === 'constant') continue;
    seen.add(node);
    const reads = bindings({ anchor: null, outputs: [node] }, storage);
    if (reads <= MOST_BINDINGS) candidates.push({ node, reads });
    pending.push(...node.inputs);
  }
  const [best] = candidates.sort((a, b) => b.reads - a.reads);
  if (best === undefined) throw new Error('a kernel reads more tensors than it can bind');
  return best.node;
}
