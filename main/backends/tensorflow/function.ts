import { DATA_TYPE, type AttrValue, type FunctionDef } from '../../formats/saved-model.ts';
import { GraphError } from '../../graph/graph-error.ts';
import type { ProgramFunction } from '../../graph/program.ts';
import { isNode } from '../../graph/registry.ts';
import { Body, writeBody } from './body.ts';
import { legalFunction } from './legal.ts';
import { typeAttribute } from './nodes.ts';

const FLOAT = typeAttribute('float32');

export interface FunctionOptions {
  /** Whether the process has registered the custom calls of `custom-calls.ts`. */
  readonly kernels: boolean;
  readonly attributes: Readonly<Record<string, AttrValue>>;
}

/**
 * A function whose arguments are its inputs, followed by the handles of `variables`, both in order.
 */
export interface LoweredFunction {
  readonly definition: FunctionDef;
  readonly variables: readonly string[];
}

/** @throws GraphError for an undeclared input */
export function lowerFunction(
  name: string,
  fn: ProgramFunction,
  { kernels, attributes }: FunctionOptions,
): LoweredFunction {
  const outputs = Object.entries(fn.outputs);
  const legal = legalFunction(fn, kernels);
  const variables = [
    ...new Set(legal.order.flatMap((n) => (isNode(n, 'variable') ? [n.attributes.name] : []))),
  ];
  const inputNames = new Map(
    fn.inputs.map((i, index) => [i.attributes.name, `input_${String(index)}`]),
  );
  const variableNames = new Map(variables.map((v, index) => [v, `variable_${String(index)}`]));
  const handleOf = (variable: string): string => variableNames.get(variable) ?? '';
  const body = new Body(
    new Map(fn.inputs.map((i) => [i, inputNames.get(i.attributes.name) ?? ''])),
  );
  const reads = new Map<string, string>();
  const references = writeBody(legal, body, {
    input: ({ attributes: { name: input } }) => {
      const argument = inputNames.get(input);
      if (argument === undefined)
        throw new GraphError(`input "${input}" of "${name}" is not declared`);
      return argument;
    },
    // One read per variable: every use sees the value from before this call's updates.
    variable: ({ attributes: { name: key } }) => {
      const read =
        reads.get(key) ?? body.emit('ReadVariableOp', [handleOf(key)], { dtype: FLOAT }, 'value');
      reads.set(key, read);
      return read;
    },
  });
  const assignments = fn.updates.map((u) => {
    const key = u.variable.attributes.name;
    const read = reads.get(key)?.split(':')[0] ?? '';
    const value = references.get(legal.resolve(u.value)) ?? '';
    const inputs = [handleOf(key), value, `^${read}`];
    return body.emit('AssignVariableOp', inputs, { dtype: FLOAT }, '').split(':')[0] ?? '';
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
        ...variables.map((v) => ({ name: handleOf(v), type: DATA_TYPE.resource })),
      ],
      outputArg: outputs.map(([, t], index) => ({
        name: `output_${String(index)}`,
        type: DATA_TYPE[t.dtype],
      })),
      isStateful: fn.updates.length > 0,
      controlOutput: Object.keys(controls),
    },
    attr: attributes,
    nodeDef: body.nodes,
    ret: Object.fromEntries(
      outputs.map(([, t], index) => [
        `output_${String(index)}`,
        references.get(legal.resolve(t)) ?? '',
      ]),
    ),
    controlRet: controls,
  };
  return { definition, variables };
}
