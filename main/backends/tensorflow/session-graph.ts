import type { AttrValue, FunctionDef, GraphModel, NodeDef } from '../../formats/saved-model.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import { hasOpenBatch, type Program } from '../../graph/program.ts';
import { callNodes } from './call.ts';
import { lowerFunction } from './function.ts';
import { constantNode, shapeProto, textAttribute, typeAttribute } from './nodes.ts';

/**
 * Lowers a program to the graph of a session: each variable becomes a resource with one operation
 * to set and one to read it; each function becomes a FunctionDef, called by one node and compiled
 * by XLA unless its batch is open. Everything is addressed by name.
 */
export const NAMES = {
  variable: (name: string) => `variable/${name}`,
  setInput: (name: string) => `set/${name}/value`,
  set: (name: string) => `set/${name}`,
  get: (name: string) => `get/${name}`,
} as const;

/** Makes XLA compile the whole function body. */
const COMPILED: Record<string, AttrValue> = { _XlaMustCompile: { b: true } };
const FLOAT = typeAttribute('float32');

/**
 * @param kernels whether the process that runs the graph has registered the custom calls of
 * `custom-calls.ts`
 */
export function lowerProgram(program: Program, { kernels = false } = {}): GraphModel {
  const nodes: NodeDef[] = program.variables.flatMap(variableNodes);
  const functions: FunctionDef[] = [];
  for (const [name, fn] of Object.entries(program.functions)) {
    // XLA would recompile an open function for every batch size.
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
    // The addon can only fetch outputs, so the assignment is a control input of one. It is a
    // constant, because fetching the value itself would copy it.
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
