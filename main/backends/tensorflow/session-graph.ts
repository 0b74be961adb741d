import type { AttrValue, FunctionDef, GraphModel, NodeDef } from '../../formats/saved-model.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import { hasOpenBatch, type Program } from '../../graph/program.ts';
import { callNodes } from './call.ts';
import { lowerFunction } from './function.ts';
import { constantNode, shapeProto, textAttribute, typeAttribute } from './nodes.ts';

/**
 * A program as our sessions hold it: each variable is a resource with an operation that sets and one that reads it; each function
 * is a FunctionDef that XLA has to compile, called by one node. Everything is reached by name.
 */
export const NAMES = {
  variable: (name: string) => `variable/${name}`,
  setInput: (name: string) => `set/${name}/value`,
  set: (name: string) => `set/${name}`,
  get: (name: string) => `get/${name}`,
} as const;

/** XLA compiles the body as it stands. */
const COMPILED: Record<string, AttrValue> = { _XlaMustCompile: { b: true } };
const FLOAT = typeAttribute('float32');

/** @param kernels whether the process that runs the graph has the custom calls of `custom-calls.ts` */
export function lowerProgram(program: Program, { kernels = false } = {}): GraphModel {
  const nodes: NodeDef[] = program.variables.flatMap(variableNodes);
  const functions: FunctionDef[] = [];
  for (const [name, fn] of Object.entries(program.functions)) {
    // XLA would compile an open function anew for every batch size.
    const attributes = hasOpenBatch(fn) ? {} : COMPILED;
    const { definition, variables } = lowerFunction(name, fn, { kernels, attributes });
    functions.push(definition);
    nodes.push(...callNodes(name, fn, variables.map(NAMES.variable), attributes));
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
