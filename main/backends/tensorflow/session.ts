import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import { writeError } from '../../formats/files.ts';
import { encodeSavedModel } from '../../formats/saved-model.ts';
import { systemTemporaryPrefix } from '../../formats/system-temporaries.ts';
import { GraphError } from '../../graph/graph-error.ts';
import {
  shapeOfVariable,
  type Program,
  type ProgramFunction,
  type Values,
} from '../../graph/program.ts';
import { sizeOf, type DType, type StaticShape } from '../../graph/tensor.ts';
import { feedsOf } from '../feeds.ts';
import type { Session } from '../session.ts';
import { CALL } from './call.ts';
import { lowerProgram, NAMES } from './session-graph.ts';

/** The part of the addon's interface that sessions use. */
export interface NativeBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: TensorFlow.Tensor[],
    inputInfos: { name: string }[],
    outputNames: string[],
  ): TensorFlow.Tensor[];
}

/** The loaded addon, registered as tfjs's backend. */
export interface NativeTensorFlow {
  readonly tf: typeof TensorFlow;
  readonly backend: NativeBackend;
}

export interface TensorFlowOptions {
  /** Whether the process has registered the custom calls of `custom-calls.ts`. */
  readonly kernels: boolean;
  /** Runs before the first call of each function, which compiles it and allocates its memory. */
  readonly beforeFirstCall: () => void;
}

/** A value for one placeholder. */
interface Placed {
  readonly name: string;
  readonly values: Values;
  readonly shape: StaticShape;
  readonly dtype: DType;
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(systemTemporaryPrefix('graph'));
  } catch (error) {
    throw writeError(tmpdir(), error);
  }
}

function writeGraph(path: string, graph: Uint8Array): void {
  try {
    writeFileSync(path, graph);
  } catch (error) {
    throw writeError(path, error);
  }
}

/**
 * Runs a program in a TensorFlow session; XLA compiles every function unless its batch is open.
 * TensorFlow computes synchronously, before a call returns its promise.
 */
export class TensorFlowSession implements Session {
  readonly #native: NativeTensorFlow;
  readonly #program: Program;
  readonly #id: number;
  readonly #beforeFirstCall: () => void;
  /** Functions that have already run and are therefore compiled. */
  readonly #called = new Set<string>();

  constructor(program: Program, native: NativeTensorFlow, options: TensorFlowOptions) {
    this.#native = native;
    this.#program = program;
    this.#beforeFirstCall = options.beforeFirstCall;
    const graph = encodeSavedModel(lowerProgram(program, options));
    const folder = temporaryFolder();
    try {
      writeGraph(join(folder, 'saved_model.pb'), graph);
      this.#id = native.backend.loadSavedModelMetaGraph(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * Deliberately misaligned: TensorFlow borrows 64-byte-aligned buffers instead of copying, and XLA
   * cannot update borrowed buffers in place. The first step would then allocate a region as large
   * as a step's for the new values, and the next step would allocate another beside it.
   */
  zeros(variable: string): Float32Array {
    const size = sizeOf(shapeOfVariable(this.#program, variable));
    const bytes = Float32Array.BYTES_PER_ELEMENT;
    return new Float32Array(new ArrayBuffer((size + 1) * bytes), bytes, size);
  }

  async write(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    if (values.size === 0) return;
    const feeds = [...values].map(([name, data]): Placed => {
      const shape = shapeOfVariable(this.#program, name);
      if (data.length !== sizeOf(shape)) {
        throw new GraphError(
          `variable "${name}" takes ${String(sizeOf(shape))} values, got ${String(data.length)}`,
        );
      }
      return { name: NAMES.setInput(name), values: data, shape, dtype: 'float32' };
    });
    this.#run(feeds, [...values.keys()].map(NAMES.set));
  }

  async read(variables: readonly string[]): Promise<readonly Float32Array[]> {
    for (const variable of variables) shapeOfVariable(this.#program, variable);
    // A session prepares each new set of outputs, which takes some tenths of a second.
    return variables.length === 0 ? [] : this.#run([], variables.map(NAMES.get));
  }

  async run(
    name: string,
    inputs: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Float32Array>> {
    const fn = this.#function(name);
    const feeds = feedsOf(name, fn.inputs, inputs).list.map(({ input, values, shape }): Placed => ({
      name: CALL.input(name, input.attributes.name),
      values,
      shape,
      dtype: input.dtype,
    }));
    if (!this.#called.has(name)) this.#beforeFirstCall();
    const keys = Object.keys(fn.outputs);
    const values = this.#run(
      feeds,
      keys.map((key) => CALL.output(name, key)),
    );
    this.#called.add(name);
    return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? new Float32Array()]));
  }

  async dispose(): Promise<void> {
    this.#native.backend.deleteSavedModel(this.#id);
  }

  #function(name: string): ProgramFunction {
    const fn = this.#program.functions[name];
    if (fn === undefined) throw new GraphError(`the program has no function "${name}"`);
    return fn;
  }

  /** Makes one session call; releases all its tensors, also on failure. */
  #run(feeds: readonly Placed[], outputs: readonly string[]): Float32Array[] {
    const { tf, backend } = this.#native;
    const tensors: TensorFlow.Tensor[] = [];
    try {
      for (const feed of feeds) {
        tensors.push(tf.tensor(feed.values, [...feed.shape], feed.dtype));
      }
      const fetched = backend.runSavedModel(
        this.#id,
        [...tensors],
        feeds.map(({ name }) => ({ name: `${name}:0` })),
        outputs.map((name) => `${name}:0`),
      );
      tensors.push(...fetched);
      return fetched.map((t) => {
        const values = t.dataSync();
        return values instanceof Float32Array ? values : Float32Array.from(values);
      });
    } finally {
      tf.dispose(tensors);
    }
  }
}
