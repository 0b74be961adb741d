import type { Tensor } from '../../graph/tensor.ts';
import { takesEpilogue } from './classes.ts';
import { bindingsOf, MOST_BINDINGS, readsOf, type Fused, type Kernel } from './fusion.ts';
import type { LegalFunction } from './legal.ts';
import { sizeOfTensor, type Storage, type Value } from './storage.ts';

/** A kernel and the tensors that it reads, each with whether only at the element written. */
export interface ScheduledKernel extends Kernel {
  readonly reads: ReadonlyMap<Tensor, boolean>;
}

/**
 * Joins element-wise kernels with those whose results they read: what a product, a sum or a
 * normalisation computes is used before it is written, and kernels over the same elements are one.
 * Results that nobody else reads are not written.
 */
export function mergeKernels(fn: LegalFunction, { kernels, storage }: Fused): ScheduledKernel[] {
  const roots = new Set(
    [...Object.values(fn.outputs), ...fn.updates.map(({ value }) => value)].map(
      (root) => storage.find(root)?.value,
    ),
  );
  const schedule = new Schedule(
    kernels.map((kernel) => ({ ...kernel, reads: readsOf(kernel, storage) })),
    storage,
  );
  const targets = new Map(
    fn.updates.map(({ variable, value }) => [value, variable.attributes.name]),
  );
  for (const kernel of kernels) {
    let current = schedule.holder(kernel);
    for (;;) {
      const merged = current === null ? null : mergeOnce(current);
      if (merged === null) break;
      current = merged;
    }
  }
  return schedule.list.map((kernel) => withoutUnread(kernel));

  /** Joins an element-wise kernel with the latest possible one that it reads from. */
  function mergeOnce(kernel: ScheduledKernel): ScheduledKernel | null {
    if (kernel.anchor !== null) return null;
    const at = schedule.list.indexOf(kernel);
    for (let before = at - 1; before >= 0; before--) {
      const producer = schedule.list[before]!;
      const shared = producer.outputs.filter((output) => kernel.reads.has(output));
      if (shared.length === 0 || !fits(producer, kernel)) continue;
      const joined = join(producer, kernel);
      if (usedBuffers(joined) > MOST_BINDINGS) continue;
      if (schedule.isReady(kernel, producer, before)) {
        schedule.replace(before, joined, at);
        return joined;
      }
      if (schedule.canWait(producer, before, at)) {
        schedule.replace(at, joined, before);
        return joined;
      }
    }
    return null;
  }

  function fits(producer: ScheduledKernel, kernel: ScheduledKernel): boolean {
    if (producer.anchor !== null && !takesEpilogue(producer.anchor)) return false;
    const size = sizeOfTensor(producer.outputs[0]!);
    const written = new Set(producer.outputs.map((output) => storage.find(output)?.value));
    return (
      kernel.outputs.every((output) => sizeOfTensor(output) === size) &&
      [...kernel.reads].every(
        ([read, pointwise]) =>
          !written.has(storage.find(read)?.value) || (pointwise && producer.outputs.includes(read)),
      )
    );
  }

  function join(producer: ScheduledKernel, kernel: ScheduledKernel): ScheduledKernel {
    const joined = {
      anchor: producer.anchor,
      outputs: [...producer.outputs, ...kernel.outputs],
    };
    return { ...joined, reads: readsOf(joined, storage) };
  }

  /** New values of variables that the kernel reads are written over the old ones. */
  function usedBuffers({ outputs, reads }: ScheduledKernel): number {
    const read = new Set([...reads.keys()].map((node) => storage.find(node)?.value.name));
    const written = outputs.filter((output) => !read.has(targets.get(output)));
    return bindingsOf(written, reads.keys(), storage);
  }

  function withoutUnread(kernel: ScheduledKernel): ScheduledKernel {
    const outputs = kernel.outputs.filter(
      (output) => roots.has(storage.find(output)?.value) || schedule.isRead(output, kernel),
    );
    for (const output of kernel.outputs) if (!outputs.includes(output)) storage.forget(output);
    return outputs.length === kernel.outputs.length ? kernel : { ...kernel, outputs };
  }
}

/** Kernels in the order in which they run. */
class Schedule {
  readonly list: ScheduledKernel[];
  readonly #storage: Storage;

  constructor(list: ScheduledKernel[], storage: Storage) {
    this.list = list;
    this.#storage = storage;
  }

  /** The kernel as it is now, or null if it is part of another. */
  holder({ outputs: [output] }: Kernel): ScheduledKernel | null {
    return this.list.find(({ outputs }) => outputs[0] === output) ?? null;
  }

  /** Whether all that a kernel reads, but for the producer's results, is there before `at`. */
  isReady(kernel: ScheduledKernel, producer: ScheduledKernel, at: number): boolean {
    const needed = new Set(
      [...kernel.reads.keys()]
        .filter((read) => !producer.outputs.includes(read))
        .map((read) => this.#valueOf(read)),
    );
    return this.list.every(
      (one, position) =>
        position < at ||
        one === producer ||
        one === kernel ||
        one.outputs.every((output) => !needed.has(this.#valueOf(output))),
    );
  }

  /** Whether no kernel between `from` and `to` reads what the producer writes. */
  canWait(producer: ScheduledKernel, from: number, to: number): boolean {
    const written = new Set(producer.outputs.map((output) => this.#valueOf(output)));
    return this.list
      .slice(from + 1, to)
      .every(({ reads }) => [...reads.keys()].every((read) => !written.has(this.#valueOf(read))));
  }

  replace(at: number, kernel: ScheduledKernel, removed: number): void {
    this.list[at] = kernel;
    this.list.splice(removed, 1);
  }

  /** Whether other kernels read a tensor, also as a part of a larger one. */
  isRead(tensor: Tensor, writer: ScheduledKernel): boolean {
    const value = this.#valueOf(tensor);
    return this.list.some(
      (one) =>
        one !== writer && [...one.reads.keys()].some((read) => this.#valueOf(read) === value),
    );
  }

  #valueOf(tensor: Tensor): Value | undefined {
    return this.#storage.find(tensor)?.value;
  }
}
