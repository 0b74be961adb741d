import {
  DATA_TYPE,
  type AttrValue,
  type NodeDef,
  type SignatureDef,
  type TensorInfo,
} from '../../formats/saved-model.ts';
import type { ProgramFunction } from '../../graph/program.ts';
import type { TensorType } from '../../graph/tensor.ts';
import { shapeProto, typeAttribute } from './nodes.ts';

/** Names of the input and output nodes of a function call in a graph. */
export const CALL = {
  input: (fn: string, name: string) => `${fn}/in/${name}`,
  output: (fn: string, name: string) => `${fn}/out/${name}`,
} as const;

/**
 * Builds the placeholders of a function's inputs, the call node and its outputs, named by `CALL`.
 * @param handles nodes of the function's variables
 */
export function callNodes(
  name: string,
  fn: ProgramFunction,
  handles: readonly string[],
  attributes: Readonly<Record<string, AttrValue>>,
): NodeDef[] {
  const outputs = Object.entries(fn.outputs);
  const placeholders = fn.inputs.map((i): NodeDef => ({
    name: CALL.input(name, i.attributes.name),
    op: 'Placeholder',
    input: [],
    attr: { dtype: typeAttribute(i.dtype), shape: { shape: shapeProto(i.shape) } },
  }));
  const call: NodeDef = {
    name: `${name}/call`,
    op: 'StatefulPartitionedCall',
    input: [...placeholders.map((p) => p.name), ...handles],
    attr: {
      Tin: {
        list: {
          type: [
            ...fn.inputs.map((i) => DATA_TYPE[i.dtype]),
            ...handles.map(() => DATA_TYPE.resource),
          ],
        },
      },
      Tout: { list: { type: outputs.map(([, t]) => DATA_TYPE[t.dtype]) } },
      f: { func: { name } },
      ...attributes,
    },
  };
  const results = outputs.map(([key, tensor], index): NodeDef => ({
    name: CALL.output(name, key),
    op: 'Identity',
    input: [`${call.name}:${String(index)}`],
    attr: { T: typeAttribute(tensor.dtype) },
  }));
  return [...placeholders, call, ...results];
}

/** The call's inputs and outputs as a SavedModel signature, by which other programs find it. */
export function signatureOf(name: string, fn: ProgramFunction): SignatureDef {
  const info = (node: string, { dtype, shape }: TensorType): TensorInfo => ({
    name: `${node}:0`,
    dtype: DATA_TYPE[dtype],
    tensorShape: shapeProto(shape),
  });
  return {
    inputs: Object.fromEntries(
      fn.inputs.map((i) => {
        const key = i.attributes.name;
        return [key, info(CALL.input(name, key), i)];
      }),
    ),
    outputs: Object.fromEntries(
      Object.entries(fn.outputs).map(([key, t]) => [key, info(CALL.output(name, key), t)]),
    ),
  };
}
