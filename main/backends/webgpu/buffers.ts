/// <reference types="@webgpu/types" />
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Program, Values } from '../../graph/program.ts';
import { ALIGNMENT, alignedBytes } from './arenas.ts';
import type { FunctionPlan, ProgramPlan } from './plan.ts';
import { ELEMENT_BYTES, sizeOfTensor, type Value } from './storage.ts';

// The constants of WebGPU are globals only in browsers.
const USAGE = {
  mapRead: 1,
  copySource: 4,
  copyTarget: 8,
  uniform: 64,
  storage: 128,
} as const;
const MAP_READ = 1;

const STORED = USAGE.storage | USAGE.copySource | USAGE.copyTarget;

/** A range of a buffer of the device. */
export interface Span {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
}

/** The device memory of a program: all of it is allocated at the start. */
export class Buffers {
  readonly #device: GPUDevice;
  readonly #arenas: readonly GPUBuffer[];
  readonly #variables: ReadonlyMap<string, GPUBuffer>;
  /** Inputs and constants, which belong to one function each. */
  readonly #own = new Map<Value, GPUBuffer>();
  readonly #offsets: ReadonlyMap<FunctionPlan, GPUBuffer>;
  readonly #all: GPUBuffer[] = [];

  private constructor(device: GPUDevice, program: Program, plan: ProgramPlan) {
    this.#device = device;
    this.#arenas = plan.arenas.map((bytes) => this.#create(bytes, STORED));
    this.#variables = new Map(
      program.variables.map((variable) => [
        variable.attributes.name,
        this.#create(alignedBytes(sizeOfTensor(variable)), STORED),
      ]),
    );
    for (const fn of Object.values(plan.functions)) {
      for (const value of [...fn.inputs, ...fn.constants.keys()])
        this.#own.set(value, this.#create(alignedBytes(value.size), STORED));
      for (const [value, values] of fn.constants) this.write(value, values);
    }
    this.#offsets = new Map(
      Object.values(plan.functions).map((fn) => [fn, this.#writeOffsets(fn)]),
    );
  }

  /** @throws KarstError out-of-memory if the device has not as much left */
  static async allocate(device: GPUDevice, program: Program, plan: ProgramPlan): Promise<Buffers> {
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    const buffers = new Buffers(device, program, plan);
    const [short, invalid] = [await device.popErrorScope(), await device.popErrorScope()];
    const error = short ?? invalid;
    if (error === null) return buffers;
    buffers.destroy();
    throw new KarstError(
      'out-of-memory',
      `The graphics card does not have the ${String(Math.ceil(plan.bytes / 2 ** 20))} MiB that this takes.`,
      { hint: 'Use a smaller batch, or train on the processor.', cause: error },
    );
  }

  /** Where a value lies in a call of a function. */
  spanOf(value: Value, { arenas: { regions } }: FunctionPlan): Span {
    const region = regions.get(value);
    if (region !== undefined) return { buffer: this.#arena(region.arena), offset: region.offset };
    const buffer =
      value.kind === 'variable' ? this.#variables.get(value.name) : this.#own.get(value);
    if (buffer === undefined) throw new Error(`no memory for the ${value.kind} "${value.name}"`);
    return { buffer, offset: 0 };
  }

  /** Where the offsets of a dispatch lie. @param index of the dispatch in its function */
  offsetsOf(fn: FunctionPlan, index: number): Span {
    const buffer = this.#offsets.get(fn);
    if (buffer === undefined) throw new Error('no memory for the offsets of a function');
    return { buffer, offset: index * ALIGNMENT };
  }

  variable(name: string): GPUBuffer {
    const buffer = this.#variables.get(name);
    if (buffer === undefined) throw new Error(`no memory for the variable "${name}"`);
    return buffer;
  }

  write(value: Value, values: Values): void {
    const buffer = this.#own.get(value);
    if (buffer === undefined) throw new Error(`no memory for the input "${value.name}"`);
    writeAll(this.#device, buffer, values);
  }

  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
  }

  #writeOffsets({ dispatches }: FunctionPlan): GPUBuffer {
    const each = ALIGNMENT / ELEMENT_BYTES;
    const all = new Int32Array(Math.max(1, dispatches.length) * each);
    dispatches.forEach(({ offsets }, index) => {
      all.set(offsets, index * each);
    });
    const buffer = this.#create(all.byteLength, USAGE.uniform | USAGE.copyTarget);
    writeAll(this.#device, buffer, all);
    return buffer;
  }

  #arena(index: number): GPUBuffer {
    const buffer = this.#arenas[index];
    if (buffer === undefined) throw new Error(`there is no arena ${String(index)}`);
    return buffer;
  }

  #create(size: number, usage: number): GPUBuffer {
    const buffer = this.#device.createBuffer({ size, usage });
    this.#all.push(buffer);
    return buffer;
  }
}

export function writeAll(device: GPUDevice, buffer: GPUBuffer, values: Values): void {
  device.queue.writeBuffer(buffer, 0, values.buffer, values.byteOffset, values.byteLength);
}

/** Buffers in which results come to the processor; one that has been read is used again. */
export class Staging {
  readonly #device: GPUDevice;
  readonly #bytes: number;
  readonly #free: GPUBuffer[] = [];

  /** @param elements of all results together */
  constructor(device: GPUDevice, elements: number) {
    this.#device = device;
    this.#bytes = Math.max(1, elements) * ELEMENT_BYTES;
  }

  take(): GPUBuffer {
    const usage = USAGE.mapRead | USAGE.copyTarget;
    return this.#free.pop() ?? this.#device.createBuffer({ size: this.#bytes, usage });
  }

  /** Waits for the work that was submitted, and returns a copy of the content. */
  async read(buffer: GPUBuffer): Promise<ArrayBuffer> {
    await buffer.mapAsync(MAP_READ);
    const content = buffer.getMappedRange().slice(0);
    buffer.unmap();
    this.#free.push(buffer);
    return content;
  }

  destroy(): void {
    for (const buffer of this.#free) buffer.destroy();
  }
}
