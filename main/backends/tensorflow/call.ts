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

/** Where in a graph a call of a function is fed, and where its outputs are. */
export const CALL = {
  input: (fn: string, name: string) => `${fn}/in/${name}`,
  output: (fn: string, name: string) => `${fn}/out/${name}`,
} as const;

/**
 * Placeholders for what a function is given, the node that calls it, and what it gives: all by names of `CALL`.
 * @param handles nodes of its variables
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

/** What the call takes and gives, by which others find it in a SavedModel. */
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
