import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { writeError } from '../../formats/files.ts';
import { encodeSavedModel } from '../../formats/saved-model.ts';
import { systemTemporaryPrefix } from '../../formats/system-temporaries.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { feedsOf } from '../../backends/feeds.ts';
import type { Executor } from '../../backends/executor.ts';
import type { Program, ProgramFunction, Values } from '../../graph/program.ts';
import { shapeOfVariable } from '../../graph/program.ts';
import { GraphError } from '../../graph/graph-error.ts';
import { sizeOf, type DType, type StaticShape } from '../../graph/tensor.ts';
import { lowerProgram, NAMES } from '../../backends/tensorflow/lowering.ts';
import { BINDING } from '../../platform/addons.mjs';
import { collectGarbage } from './garbage.ts';
import { loadKernels, type Kernels } from './kernels.ts';
import { installNodePolyfill } from './node-polyfill.ts';

type Tf = typeof TensorFlow;

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The calls of tfjs-node's backend that its typings leave out. */
interface NativeBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: TensorFlow.Tensor[],
    inputInfos: { name: string }[],
    outputNames: string[],
  ): TensorFlow.Tensor[];
  binding: { TF_Version: string };
  isUsingGpuDevice: boolean;
}

/** A value for one placeholder. */
interface Placed {
  readonly name: string;
  readonly values: Values;
  readonly shape: StaticShape;
  readonly dtype: DType;
}

let loaded: Tf | undefined;

/**
 * Loads the native addon once a process and makes it the backend. Its package would do both by itself, but looks for the addon
 * in its own folder.
 * @throws KarstError engine-unavailable
 */
export function loadTensorFlow(): Tf {
  if (loaded !== undefined) return loaded;
  installNodePolyfill();
  try {
    const require = createRequire(import.meta.url);
    const tf = require('@tensorflow/tfjs-core') as Tf;
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
    const { NodeJSKernelBackend: Backend } =
      require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
        NodeJSKernelBackend: typeof NodeJSKernelBackend;
      };
    const binding = require(join(ROOT, BINDING)) as TFJSBinding;
    const backend = new Backend(binding, '@tensorflow/tfjs-node-gpu');
    tf.registerBackend('tensorflow', () => backend, 3);
    // Takes it at once; its promise is for backends that are made asynchronously.
    void tf.setBackend('tensorflow');
    loaded = tf;
    return tf;
  } catch (cause) {
    throw new KarstError('engine-unavailable', 'Native TensorFlow does not load on this machine.', {
      hint: 'Run "npm run setup" and read what it says.',
      cause,
    });
  }
}

export function nativeBackend(tf: Tf): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
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

/** Runs a program in a TensorFlow session, every function compiled by XLA. TensorFlow computes before a call returns its promise. */
export class TensorFlowExecutor implements Executor {
  readonly #tf: Tf;
  readonly #backend: NativeBackend;
  readonly #program: Program;
  readonly #session: number;
  readonly #kernels: Kernels | null;
  /** Functions that were run already, and so are compiled. */
  readonly #compiled = new Set<string>();

  constructor(program: Program) {
    this.#tf = loadTensorFlow();
    this.#backend = nativeBackend(this.#tf);
    this.#program = program;
    // The kernels are of the processor: on a card XLA has its own.
    const kernels = this.#backend.isUsingGpuDevice ? null : loadKernels();
    this.#kernels = kernels?.isa === null ? null : kernels;
    const graph = encodeSavedModel(lowerProgram(program, { kernels: this.#kernels !== null }));
    const folder = temporaryFolder();
    try {
      writeGraph(join(folder, 'saved_model.pb'), graph);
      this.#session = this.#backend.loadSavedModelMetaGraph(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
    // A session prepares every set of outputs anew, which takes some tenths of a second.
    return variables.length === 0 ? [] : this.#run([], variables.map(NAMES.get));
  }

  async run(
    name: string,
    inputs: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Float32Array>> {
    const fn = this.#function(name);
    const feeds = feedsOf(name, fn.inputs, inputs).list.map(({ input, values, shape }): Placed => ({
      name: NAMES.input(name, input.attributes.name),
      values,
      shape,
      dtype: input.dtype,
    }));
    if (!this.#compiled.has(name)) this.#clearMemory();
    const keys = Object.keys(fn.outputs);
    const values = this.#run(
      feeds,
      keys.map((key) => NAMES.output(name, key)),
    );
    this.#compiled.add(name);
    return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? new Float32Array()]));
  }

  async dispose(): Promise<void> {
    this.#backend.deleteSavedModel(this.#session);
  }

  /**
   * Before a function is compiled and takes its memory: arrays of weights that were set are garbage by now, and what compiling
   * takes and frees stays with the process, useless to the step, until it is trimmed.
   */
  #clearMemory(): void {
    collectGarbage();
    this.#kernels?.trimAtNextCall();
  }

  #function(name: string): ProgramFunction {
    const fn = this.#program.functions[name];
    if (fn === undefined) throw new GraphError(`the program has no function "${name}"`);
    return fn;
  }

  /** One session call; every tensor made for it is released, whatever happens. */
  #run(feeds: readonly Placed[], outputs: readonly string[]): Float32Array[] {
    const tensors: TensorFlow.Tensor[] = [];
    try {
      for (const feed of feeds) {
        tensors.push(this.#tf.tensor(feed.values, [...feed.shape], feed.dtype));
      }
      const fetched = this.#backend.runSavedModel(
        this.#session,
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
      this.#tf.dispose(tensors);
    }
  }
}
