import {
  DATA_TYPE,
  type AttrValue,
  type FunctionDef,
  type GraphModel,
  type NodeDef,
} from '../../formats/saved-model.ts';
import { isOpen } from '../../graph/dim.ts';
import type { Input } from '../../graph/ops/input.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import { hasOpenBatch, type Program, type ProgramFunction } from '../../graph/program.ts';
import { isNode, known } from '../../graph/registry.ts';
import { GraphError } from '../../graph/graph-error.ts';
import type { Shape, StaticShape, Tensor } from '../../graph/tensor.ts';
import { lowerCall } from './custom-calls.ts';
import { legalFunction } from './legal.ts';
import {
  constantNode,
  INDEX,
  lowerNode,
  shapeProto,
  textAttribute,
  typeAttribute,
  type Emitter,
} from './nodes.ts';

/**
 * A program as a TensorFlow graph: each variable is a resource with an operation that sets and one that reads it;
 * each function is a FunctionDef that XLA has to compile, called by one node. Everything is reached by name.
 */
export const NAMES = {
  variable: (name: string) => `variable/${name}`,
  setInput: (name: string) => `set/${name}/value`,
  set: (name: string) => `set/${name}`,
  get: (name: string) => `get/${name}`,
  input: (fn: string, name: string) => `${fn}/in/${name}`,
  output: (fn: string, name: string) => `${fn}/out/${name}`,
} as const;

/** XLA compiles the body as it stands. */
const COMPILED: Record<string, AttrValue> = { _XlaMustCompile: { b: true } };
const FLOAT = typeAttribute('float32');
const RESOURCE: AttrValue = { type: DATA_TYPE.resource };

export interface LoweringOptions {
  /** Whether XLA has to compile every function (default true). */
  readonly compile?: boolean;
  /** Whether the process that runs the graph has the custom calls of `custom-calls.ts` (default false). */
  readonly kernels?: boolean;
}

export function lowerProgram(
  program: Program,
  { compile = true, kernels = false }: LoweringOptions = {},
): GraphModel {
  const nodes: NodeDef[] = program.variables.flatMap(variableNodes);
  const functions: FunctionDef[] = [];
  for (const [name, fn] of Object.entries(program.functions)) {
    // XLA would compile an open function anew for every batch size.
    const options = { compile: compile && !hasOpenBatch(fn), kernels };
    const { definition, variables } = lowerFunction(name, fn, options);
    functions.push(definition);
    nodes.push(...callNodes(name, fn, variables, options.compile));
  }
  return { nodes, functions, signatures: {} };
}

function variableNodes(variable: Variable): NodeDef[] {
  const { name } = variable.attributes;
  const shape: AttrValue = { shape: shapeProto(variable.shape) };
  const handle = NAMES.variable(name);
  return [
    {
      name: handle,
      op: 'VarHandleOp',
      input: [],
      attr: { dtype: FLOAT, shape, shared_name: textAttribute(name), container: textAttribute('') },
    },
    { name: NAMES.setInput(name), op: 'Placeholder', input: [], attr: { dtype: FLOAT, shape } },
    {
      name: `${NAMES.set(name)}/assign`,
      op: 'AssignVariableOp',
      input: [handle, NAMES.setInput(name)],
      attr: { dtype: FLOAT },
    },
    // The addon can fetch outputs only, so the assignment hangs on one. A constant: fetching the value back would copy it.
    {
      ...constantNode(NAMES.set(name), Float32Array.of(1), []),
      input: [`^${NAMES.set(name)}/assign`],
    },
    {
      name: `${NAMES.get(name)}/read`,
      op: 'ReadVariableOp',
      input: [handle],
      attr: { dtype: FLOAT },
    },
    {
      name: NAMES.get(name),
      op: 'Identity',
      input: [`${NAMES.get(name)}/read`],
      attr: { T: FLOAT },
    },
  ];
}

function callNodes(
  name: string,
  fn: ProgramFunction,
  variables: readonly string[],
  compile: boolean,
): NodeDef[] {
  const outputs = Object.entries(fn.outputs);
  const placeholders = fn.inputs.map((i): NodeDef => ({
    name: NAMES.input(name, i.attributes.name),
    op: 'Placeholder',
    input: [],
    attr: { dtype: typeAttribute(i.dtype), shape: { shape: shapeProto(i.shape) } },
  }));
  const call: NodeDef = {
    name: `${name}/call`,
    op: 'StatefulPartitionedCall',
    input: [...placeholders.map((p) => p.name), ...variables.map(NAMES.variable)],
    attr: {
      Tin: {
        list: {
          type: [
            ...fn.inputs.map((i) => DATA_TYPE[i.dtype]),
            ...variables.map(() => DATA_TYPE.resource),
          ],
        },
      },
      Tout: { list: { type: outputs.map(([, t]) => DATA_TYPE[t.dtype]) } },
      f: { func: { name } },
      ...(compile ? COMPILED : {}),
    },
  };
  const results = outputs.map(([key, tensor], index): NodeDef => ({
    name: NAMES.output(name, key),
    op: 'Identity',
    input: [`${call.name}:${String(index)}`],
    attr: { T: typeAttribute(tensor.dtype) },
  }));
  return [...placeholders, call, ...results];
}

/** Collects the nodes of a function body and shares equal index vectors and constants. */
class Body implements Emitter {
  readonly nodes: NodeDef[] = [];
  readonly #indices = new Map<string, string>();
  readonly #sides = new Map<string, string>();
  readonly #inputs: ReadonlyMap<Input, string>;
  #batch: string | undefined;

  /** @param inputs of the function, with the names of its arguments */
  constructor(inputs: ReadonlyMap<Input, string>) {
    this.#inputs = inputs;
  }

  emit(
    op: string,
    inputs: readonly string[],
    attr: Record<string, AttrValue>,
    output: string,
  ): string {
    const name = `${op}_${String(this.nodes.length)}`;
    this.nodes.push({ name, op, input: inputs, attr });
    return `${name}:${output}:0`;
  }

  indices(values: readonly number[]): string {
    const key = values.join();
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const made = this.constant(Int32Array.from(values), [values.length]);
    this.#indices.set(key, made);
    return made;
  }

  sides(shape: Shape): string {
    const numbers = shape.map((side) => (isOpen(side) ? 0 : side));
    const batches = shape.map((side) => (isOpen(side) ? side.batches : 0));
    if (!shape.some(isOpen)) return this.indices(numbers);
    const key = batches.concat(numbers).join();
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    this.#batch ??= this.#batchSize();
    const open = this.emit('Mul', [this.indices(batches), this.#batch], { T: INDEX }, 'z');
    const made = this.emit('AddV2', [this.indices(numbers), open], { T: INDEX }, 'z');
    this.#sides.set(key, made);
    return made;
  }

  /** Of the call, from the first input with an open batch: an int32 vector of one number. */
  #batchSize(): string {
    for (const [input, argument] of this.#inputs) {
      const axis = input.shape.findIndex(isOpen);
      const side = input.shape[axis];
      if (side === undefined || !isOpen(side)) continue;
      const T = typeAttribute(input.dtype);
      const shape = this.emit('Shape', [argument], { T, out_type: INDEX }, 'output');
      const [begin, one] = [this.indices([axis]), this.indices([1])];
      const size = this.emit('Slice', [shape, begin, one], { T: INDEX, Index: INDEX }, 'output');
      return this.emit('FloorDiv', [size, this.indices([side.batches])], { T: INDEX }, 'z');
    }
    throw new GraphError('no input says how large the batch is');
  }

  constant(values: Float32Array | Int32Array, shape: StaticShape): string {
    const name = `Const_${String(this.nodes.length)}`;
    this.nodes.push(constantNode(name, values, shape));
    return `${name}:output:0`;
  }
}

function lowerFunction(
  name: string,
  fn: ProgramFunction,
  { compile, kernels }: Required<LoweringOptions>,
): { definition: FunctionDef; variables: readonly string[] } {
  const outputs = Object.entries(fn.outputs);
  const { order, resolve, calls } = legalFunction(fn, kernels);
  const variables = [
    ...new Set(order.flatMap((n) => (isNode(n, 'variable') ? [n.attributes.name] : []))),
  ];
  const inputNames = new Map(
    fn.inputs.map((i, index) => [i.attributes.name, `input_${String(index)}`]),
  );
  const variableNames = new Map(variables.map((v, index) => [v, `variable_${String(index)}`]));
  const body = new Body(
    new Map(fn.inputs.map((i) => [i, inputNames.get(i.attributes.name) ?? ''])),
  );
  const references = new Map<Tensor, string>();
  const reads = new Map<string, string>();
  for (const node of order) {
    const inputs = node.inputs.map((x) => references.get(x) ?? '');
    references.set(node, lowerSource(node, inputs));
  }

  function lowerSource(given: Tensor, inputs: readonly string[]): string {
    const node = known(given);
    switch (node.op) {
      case 'input': {
        const argument = inputNames.get(node.attributes.name);
        if (argument === undefined)
          throw new GraphError(`input "${node.attributes.name}" of "${name}" is not declared`);
        return argument;
      }
      case 'variable': {
        // One read a variable: every use sees the value from before this call's updates.
        const key = node.attributes.name;
        const read =
          reads.get(key) ??
          body.emit('ReadVariableOp', [variableNames.get(key) ?? ''], { dtype: FLOAT }, 'value');
        reads.set(key, read);
        return read;
      }
      case 'constant':
        return body.constant(node.attributes.values, node.attributes.shape);
      default:
        return calls(node)
          ? lowerCall(node, (x) => references.get(x) ?? '', body)
          : lowerNode(node, inputs, body);
    }
  }

  const assignments = fn.updates.map((u) => {
    const key = u.variable.attributes.name;
    const read = reads.get(key)?.split(':')[0] ?? '';
    const value = references.get(resolve(u.value)) ?? '';
    return (
      body
        .emit(
          'AssignVariableOp',
          [variableNames.get(key) ?? '', value, `^${read}`],
          { dtype: FLOAT },
          '',
        )
        .split(':')[0] ?? ''
    );
  });
  const controls = Object.fromEntries(
    assignments.map((node, index) => [`update_${String(index)}`, node]),
  );
  const definition: FunctionDef = {
    signature: {
      name,
      inputArg: [
        ...fn.inputs.map((i) => ({
          name: inputNames.get(i.attributes.name) ?? '',
          type: DATA_TYPE[i.dtype],
        })),
        ...variables.map((v) => ({ name: variableNames.get(v) ?? '', type: RESOURCE.type ?? 0 })),
      ],
      outputArg: outputs.map(([, t], index) => ({
        name: `output_${String(index)}`,
        type: DATA_TYPE[t.dtype],
      })),
      isStateful: fn.updates.length > 0,
      controlOutput: Object.keys(controls),
    },
    attr: compile ? COMPILED : {},
    nodeDef: body.nodes,
    ret: Object.fromEntries(
      outputs.map(([, t], index) => [`output_${String(index)}`, references.get(resolve(t)) ?? '']),
    ),
    controlRet: controls,
  };
  return { definition, variables };
}
