/// <reference types="@webgpu/types" />
import { GraphError } from '../../graph/graph-error.ts';
import { shapeOfVariable, type Program, type Values } from '../../graph/program.ts';
import { sizeOf, type DType } from '../../graph/tensor.ts';
import { feedsOf } from '../feeds.ts';
import type { Session } from '../session.ts';
import { Buffers, Staging, writeAll } from './buffers.ts';
import { compile } from './pipelines.ts';
import { planProgram, type FunctionPlan, type ProgramPlan } from './plan.ts';
import { offsetVectors, type Dispatch } from './shader.ts';
import { ELEMENT_BYTES } from './storage.ts';

/** A device of WebGPU, and what became of it. */
export interface Card {
  readonly device: GPUDevice;
  /** Bytes of the largest buffer that can be bound. */
  readonly largestBuffer: number;
  /** @throws KarstError if the device was lost or has reported an error */
  check(): void;
}

/** A call of a kernel as it is recorded for each run. */
interface Call {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number];
  readonly work: number;
}

/** A function that can run. */
interface Prepared {
  readonly plan: FunctionPlan;
  readonly calls: readonly Call[];
  readonly staging: Staging;
  /** Variables that it reads. */
  readonly variables: ReadonlySet<string>;
}

interface Ready {
  readonly buffers: Buffers;
  readonly functions: ReadonlyMap<string, Prepared>;
}

/**
 * Operations of one submission. Windows takes a card for hung that works on one for two seconds,
 * and a slow card does 10¹² operations in one.
 */
const WORK_OF_A_SUBMISSION = 2e11;

/** Runs a program on a graphics card, or on whatever else WebGPU finds. */
export class WebGpuSession implements Session {
  readonly #program: Program;
  readonly #card: Card;
  readonly #written = new Set<string>();
  #ready: Promise<Ready> | null = null;

  readonly plan: ProgramPlan;

  /** @throws GraphError for a function with an open batch */
  constructor(program: Program, card: Card) {
    this.#program = program;
    this.#card = card;
    this.plan = planProgram(program, card.largestBuffer);
  }

  zeros(variable: string): Float32Array {
    return new Float32Array(sizeOf(shapeOfVariable(this.#program, variable)));
  }

  async write(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    for (const [name, data] of values) {
      const size = sizeOf(shapeOfVariable(this.#program, name));
      if (data.length === size) continue;
      throw new GraphError(
        `variable "${name}" takes ${String(size)} values, got ${String(data.length)}`,
      );
    }
    const { buffers } = await this.#prepared();
    for (const [name, data] of values) {
      writeAll(this.#card.device, buffers.variable(name), data);
      this.#written.add(name);
    }
    this.#card.check();
  }

  async read(variables: readonly string[]): Promise<readonly Float32Array[]> {
    const sizes = variables.map((name) => sizeOf(shapeOfVariable(this.#program, name)));
    const { buffers } = await this.#prepared();
    this.#needWritten(variables);
    const { device } = this.#card;
    const staging = new Staging(
      device,
      sizes.reduce((a, b) => a + b, 0),
    );
    const target = staging.take();
    const encoder = device.createCommandEncoder();
    let offset = 0;
    variables.forEach((name, i) => {
      const bytes = (sizes[i] ?? 0) * ELEMENT_BYTES;
      if (bytes > 0) encoder.copyBufferToBuffer(buffers.variable(name), 0, target, offset, bytes);
      offset += bytes;
    });
    device.queue.submit([encoder.finish()]);
    const content = await this.#arrived(staging.read(target));
    staging.destroy();
    offset = 0;
    return sizes.map((size) => {
      const values = new Float32Array(content, offset, size).slice();
      offset += size * ELEMENT_BYTES;
      return values;
    });
  }

  async run(
    name: string,
    inputs: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Float32Array>> {
    const fn = this.#program.functions[name];
    if (fn === undefined) throw new GraphError(`the program has no function "${name}"`);
    const feeds = feedsOf(name, fn.inputs, inputs);
    const { buffers, functions } = await this.#prepared();
    const prepared = functions.get(name);
    if (prepared === undefined) throw new GraphError(`"${name}" was not prepared`);
    const { plan, staging } = prepared;
    this.#needWritten([...prepared.variables]);
    for (const { input, values } of feeds.list) {
      const value = plan.inputs.find((one) => one.name === input.attributes.name);
      if (value !== undefined) buffers.write(value, values);
    }
    const target = staging.take();
    this.#submit(prepared, buffers, target);
    for (const { variable } of fn.updates) this.#written.add(variable.attributes.name);
    const content = await this.#arrived(staging.read(target));
    let offset = 0;
    return Object.fromEntries(
      Object.entries(plan.outputs).map(([key, { size, dtype }]) => {
        const values = numbersOf(content, offset, size, dtype);
        offset += size * ELEMENT_BYTES;
        return [key, values];
      }),
    );
  }

  async dispose(): Promise<void> {
    if (this.#ready === null) return;
    const { buffers, functions } = await this.#ready;
    buffers.destroy();
    for (const { staging } of functions.values()) staging.destroy();
  }

  /** Records a function's calls and what is copied afterwards, and hands them to the device. */
  #submit({ plan, calls }: Prepared, buffers: Buffers, target: GPUBuffer): void {
    const { device } = this.#card;
    const commands: GPUCommandBuffer[] = [];
    let encoder = device.createCommandEncoder();
    for (const part of portions(calls)) {
      const pass = encoder.beginComputePass();
      for (const { pipeline, group, workgroups } of part) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...workgroups);
      }
      pass.end();
      commands.push(encoder.finish());
      encoder = device.createCommandEncoder();
    }
    let offset = 0;
    for (const { place, size } of Object.values(plan.outputs)) {
      const from = buffers.spanOf(place.value, plan);
      const start = from.offset + place.offset * ELEMENT_BYTES;
      const bytes = size * ELEMENT_BYTES;
      if (bytes > 0) encoder.copyBufferToBuffer(from.buffer, start, target, offset, bytes);
      offset += bytes;
    }
    for (const { from, variable } of plan.copies) {
      const { buffer, offset: begin } = buffers.spanOf(from.place.value, plan);
      const start = begin + from.place.offset * ELEMENT_BYTES;
      const bytes = from.size * ELEMENT_BYTES;
      if (bytes > 0)
        encoder.copyBufferToBuffer(buffer, start, buffers.variable(variable), 0, bytes);
    }
    commands.push(encoder.finish());
    for (const command of commands) device.queue.submit([command]);
  }

  /** Waits for a result. What the device reports says more than that the result did not come. */
  async #arrived(content: Promise<ArrayBuffer>): Promise<ArrayBuffer> {
    try {
      return await content;
    } finally {
      this.#card.check();
    }
  }

  #needWritten(variables: readonly string[]): void {
    const missing = variables.find((name) => !this.#written.has(name));
    if (missing !== undefined)
      throw new GraphError(`variable "${missing}" was read before it was set`);
  }

  #prepared(): Promise<Ready> {
    this.#ready ??= this.#prepare();
    return this.#ready;
  }

  async #prepare(): Promise<Ready> {
    const { device } = this.#card;
    const buffers = await Buffers.allocate(device, this.#program, this.plan);
    const plans = Object.entries(this.plan.functions);
    const all = plans.flatMap(([, { dispatches }]) => dispatches);
    const pipelines = await compile(device, all);
    const functions = plans.map(([name, plan]): [string, Prepared] => {
      const calls = plan.dispatches.map((dispatch, index): Call => {
        const pipeline = pipelines.get(dispatch.code);
        if (pipeline === undefined) throw new Error(`"${dispatch.label}" was not compiled`);
        const { workgroups, work } = dispatch;
        return {
          pipeline,
          group: bind(device, pipeline, dispatch, index, plan, buffers),
          workgroups,
          work,
        };
      });
      const results = Object.values(plan.outputs).reduce((sum, { size }) => sum + size, 0);
      return [
        name,
        { plan, calls, staging: new Staging(device, results), variables: variablesOf(plan) },
      ];
    });
    this.#card.check();
    return { buffers, functions: new Map(functions) };
  }
}

function bind(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  { bindings, offsets }: Dispatch,
  index: number,
  plan: FunctionPlan,
  buffers: Buffers,
): GPUBindGroup {
  const entries = bindings.map(({ value, start, elements }, binding) => {
    const { buffer, offset } = buffers.spanOf(value, plan);
    const size = elements * ELEMENT_BYTES;
    return { binding, resource: { buffer, offset: offset + start * ELEMENT_BYTES, size } };
  });
  if (offsets.length > 0) {
    const { buffer, offset } = buffers.offsetsOf(plan, index);
    const size = offsetVectors(offsets.length) * 4 * ELEMENT_BYTES;
    entries.push({ binding: entries.length, resource: { buffer, offset, size } });
  }
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
}

/** The variables that a function reads: those that it also writes are bound for both. */
function variablesOf({ dispatches, outputs }: FunctionPlan): Set<string> {
  const bound = dispatches.flatMap(({ bindings }) => bindings.map(({ value }) => value));
  const read = Object.values(outputs).map(({ place }) => place.value);
  return new Set(
    [...bound, ...read].flatMap(({ kind, name }) => (kind === 'variable' ? [name] : [])),
  );
}

/** Divides calls into submissions of at most so much work, or of one call. */
function portions(calls: readonly Call[]): Call[][] {
  const all: Call[][] = [];
  let work = Infinity;
  for (const call of calls) {
    work += call.work;
    if (work <= WORK_OF_A_SUBMISSION) {
      all.at(-1)?.push(call);
      continue;
    }
    all.push([call]);
    work = call.work;
  }
  return all;
}

function numbersOf(content: ArrayBuffer, offset: number, size: number, dtype: DType): Float32Array {
  switch (dtype) {
    case 'float32':
      return new Float32Array(content, offset, size).slice();
    case 'int32':
      return Float32Array.from(new Int32Array(content, offset, size));
    case 'bool':
      return Float32Array.from(new Uint32Array(content, offset, size), (x) => (x === 0 ? 0 : 1));
  }
}
