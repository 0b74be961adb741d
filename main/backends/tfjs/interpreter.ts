import * as tf from '@tensorflow/tfjs-core';
import { legalise } from '../../graph/legalise.ts';
import type { Program, ProgramFunction, Values } from '../../graph/program.ts';
import { known, type NodeOf, type OpName } from '../../graph/registry.ts';
import { GraphError } from '../../graph/graph-error.ts';
import {
  boundShape,
  inTopologicalOrder,
  sameShape,
  shapeText,
  sizeOf,
  type DType,
  type Shape,
  type StaticShape,
  type Tensor,
} from '../../graph/tensor.ts';
import type { Session } from '../session.ts';
import { feedsOf, type Feeds } from '../feeds.ts';
import { tfjsLowering } from './table.ts';

/** A node in execution order, and the values that are no longer needed after it. */
interface Step {
  readonly node: Tensor;
  readonly free: readonly Tensor[];
}

/** A function prepared for execution. */
interface Plan {
  readonly definition: ProgramFunction;
  readonly steps: readonly Step[];
}

/**
 * Runs a program operation by operation on the current tfjs backend: the fallback where no compiled
 * TensorFlow is available, and the cross-check of its lowering. Does not use tfjs's
 * differentiation. Intermediates are released at their last use, so that a call needs no more than
 * the peak of live values; afterwards only variables and constants remain.
 */
export class Interpreter implements Session {
  readonly #shapes: ReadonlyMap<string, StaticShape>;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #constants = new Map<Tensor, tf.Tensor>();
  readonly #variables = new Map<string, tf.Tensor>();

  /**
   * @throws GraphError for a function that uses an undeclared input or variable, or sets a variable
   * twice
   */
  constructor(program: Program) {
    this.#shapes = new Map(program.variables.map((v) => [v.attributes.name, v.shape]));
    this.#plans = new Map(
      Object.entries(program.functions).map(([name, fn]) => [name, plan(name, fn, this.#shapes)]),
    );
    for (const { steps } of this.#plans.values()) {
      for (const step of steps) {
        const node = known(step.node);
        if (node.op !== 'constant' || this.#constants.has(node)) continue;
        this.#constants.set(
          node,
          upload(node.attributes.values, node.attributes.shape, node.dtype),
        );
      }
    }
  }

  zeros(variable: string): Float32Array {
    return new Float32Array(sizeOf(this.#shapeOf(variable)));
  }

  async write(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    for (const [name, data] of values) this.#write(name, data);
  }

  #write(variable: string, values: Float32Array): void {
    const shape = this.#shapeOf(variable);
    if (values.length !== sizeOf(shape)) {
      throw new GraphError(
        `variable "${variable}" takes ${String(sizeOf(shape))} values, got ${String(values.length)}`,
      );
    }
    this.#replace(variable, upload(values, shape, 'float32'));
  }

  async read(variables: readonly string[]): Promise<readonly Float32Array[]> {
    return variables.map((variable) => {
      this.#shapeOf(variable);
      return download(this.#read(variable));
    });
  }

  async run(
    name: string,
    inputs: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Float32Array>> {
    const found = this.#plans.get(name);
    if (found === undefined) throw new GraphError(`the program has no function "${name}"`);
    const feeds = feedsOf(name, found.definition.inputs, inputs);
    const { outputs, updates } = found.definition;
    const values = new Map<Tensor, tf.Tensor>();
    try {
      for (const { node, free } of found.steps) {
        values.set(node, this.#evaluate(node, values, feeds));
        for (const done of free) this.#release(done, values);
      }
      const valueOf = (node: Tensor): tf.Tensor => present(values, node);
      const results = Object.entries(outputs).map(
        ([key, node]) => [key, download(valueOf(node))] as const,
      );
      // A clone shares its data, so one value can be an output and the new value of several
      // variables.
      const next = updates.map(({ value }) => tf.keep(tf.clone(valueOf(value))));
      updates.forEach(({ variable }, index) => {
        const value = next[index];
        if (value !== undefined) this.#replace(variable.attributes.name, value);
      });
      return Object.fromEntries(results);
    } finally {
      for (const node of [...values.keys()]) this.#release(node, values);
    }
  }

  async dispose(): Promise<void> {
    for (const tensor of [...this.#constants.values(), ...this.#variables.values()])
      tensor.dispose();
    this.#constants.clear();
    this.#variables.clear();
  }

  #evaluate(given: Tensor, values: ReadonlyMap<Tensor, tf.Tensor>, feeds: Feeds): tf.Tensor {
    const node = known(given);
    switch (node.op) {
      case 'constant':
        return present(this.#constants, node);
      case 'variable':
        return this.#read(node.attributes.name);
      case 'input': {
        const { name } = node.attributes;
        const fed = feeds.list.find(({ input }) => input.attributes.name === name);
        if (fed === undefined) throw new GraphError(`input "${name}" is missing`);
        return upload(fed.values, fed.shape, node.dtype);
      }
      default: {
        const compute = tfjsLowering(node.op);
        if (compute === undefined) throw new GraphError(`"${node.op}" was not decomposed`);
        const operands = node.inputs.map((x) => present(values, x));
        const shape = boundShape(node.shape, feeds.batch);
        return tf.tidy(() => compute(node as NodeOf<OpName>, operands, shape));
      }
    }
  }

  #release(node: Tensor, values: Map<Tensor, tf.Tensor>): void {
    const owned = node.op !== 'constant' && node.op !== 'variable';
    if (owned) present(values, node).dispose();
    values.delete(node);
  }

  #read(variable: string): tf.Tensor {
    const value = this.#variables.get(variable);
    if (value === undefined)
      throw new GraphError(`variable "${variable}" was read before it was set`);
    return value;
  }

  #replace(variable: string, value: tf.Tensor): void {
    this.#variables.get(variable)?.dispose();
    this.#variables.set(variable, value);
  }

  #shapeOf(variable: string): StaticShape {
    const shape = this.#shapes.get(variable);
    if (shape === undefined) throw new GraphError(`the program has no variable "${variable}"`);
    return shape;
  }
}

/** The function with operations that tfjs lacks decomposed. */
function legalised(fn: ProgramFunction): ProgramFunction {
  const roots = [...Object.values(fn.outputs), ...fn.updates.map((u) => u.value)];
  const parts = legalise(inTopologicalOrder(roots), ({ op }) => tfjsLowering(op) !== undefined);
  const resolve = (node: Tensor): Tensor => parts.get(node) ?? node;
  return {
    ...fn,
    outputs: Object.fromEntries(Object.entries(fn.outputs).map(([key, t]) => [key, resolve(t)])),
    updates: fn.updates.map(({ variable, value }) => ({ variable, value: resolve(value) })),
  };
}

function plan(name: string, given: ProgramFunction, variables: ReadonlyMap<string, Shape>): Plan {
  const fn = legalised(given);
  const inputs = new Map(fn.inputs.map((i) => [i.attributes.name, i]));
  const updated = fn.updates.map(({ variable }) => variable.attributes.name);
  if (inputs.size !== fn.inputs.length) throw new GraphError(`"${name}" declares an input twice`);
  if (new Set(updated).size !== updated.length)
    throw new GraphError(`"${name}" sets a variable twice`);
  for (const { variable, value } of fn.updates) {
    if (!sameShape(variable.shape, value.shape) || value.dtype !== 'float32') {
      throw new GraphError(
        `"${name}" sets variable "${variable.attributes.name}" ${shapeText(variable.shape)} to ${value.dtype} ${shapeText(value.shape)}`,
      );
    }
  }

  const roots = [...Object.values(fn.outputs), ...fn.updates.map((u) => u.value)];
  const order = inTopologicalOrder(roots);
  for (const node of [...order, ...fn.updates.map((u) => u.variable)].map(known)) {
    if (node.op === 'input')
      checkDeclared(name, 'input', node, inputs.get(node.attributes.name)?.shape);
    if (node.op === 'variable')
      checkDeclared(name, 'variable', node, variables.get(node.attributes.name));
  }

  const kept = new Set(roots);
  const lastUser = new Map<Tensor, Tensor>();
  for (const node of order) for (const x of node.inputs) lastUser.set(x, node);
  const steps = order.map((node) => ({
    node,
    free: [...new Set(node.inputs)].filter((x) => lastUser.get(x) === node && !kept.has(x)),
  }));
  return { definition: fn, steps };
}

function checkDeclared(
  fn: string,
  kind: string,
  node: NodeOf<'input' | 'variable'>,
  declared: Shape | undefined,
): void {
  const { name } = node.attributes;
  if (declared === undefined) throw new GraphError(`${kind} "${name}" of "${fn}" is not declared`);
  if (sameShape(declared, node.shape)) return;
  throw new GraphError(
    `${kind} "${name}" of "${fn}" is used as ${shapeText(node.shape)} and declared as ${shapeText(declared)}`,
  );
}

/**
 * Creates a tensor that no enclosing tidy releases. The values are copied, because tfjs's CPU
 * backend uses the array in place.
 */
function upload(values: Values, shape: StaticShape, dtype: DType): tf.Tensor {
  const data =
    dtype === 'bool' ? Uint8Array.from(values, (v) => (v === 0 ? 0 : 1)) : values.slice();
  return tf.keep(tf.tensor(data, [...shape], dtype));
}

function download(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}

function present(values: ReadonlyMap<Tensor, tf.Tensor>, node: Tensor): tf.Tensor {
  const value = values.get(node);
  if (value === undefined) throw new GraphError(`"${node.op}" was used before it was computed`);
  return value;
}
