import type { TensorSpec } from '../../../shared/models/spec.ts';
import { shapeProto, textAttribute, typeAttribute } from '../../backends/tensorflow/nodes.ts';
import {
  DATA_TYPE,
  type AttrValue,
  type NodeDef,
  type SaverDef,
} from '../../formats/saved-model.ts';

const FILENAME = 'restore/filename';
const RESTORE = 'restore/restore';
const ALL = 'restore/all';
const FLOAT = typeAttribute('float32');

/** The node of a variable. */
export function handleOf(name: string): string {
  return `variable/${name}`;
}

/** Variables, and what a loader runs to set them from the files beside the graph. */
export function restoring(variables: readonly Pick<TensorSpec, 'name' | 'shape'>[]): {
  readonly nodes: NodeDef[];
  readonly saver: SaverDef;
} {
  const assign = (name: string): string => `restore/assign/${name}`;
  const nodes: NodeDef[] = [
    {
      name: FILENAME,
      op: 'Placeholder',
      input: [],
      attr: { dtype: { type: DATA_TYPE.string }, shape: { shape: { dim: [] } } },
    },
    texts(
      'restore/names',
      variables.map(({ name }) => name),
    ),
    texts(
      'restore/slices',
      variables.map(() => ''),
    ),
    {
      name: RESTORE,
      op: 'RestoreV2',
      input: [FILENAME, 'restore/names', 'restore/slices'],
      attr: { dtypes: { list: { type: variables.map(() => DATA_TYPE.float32) } } },
    },
    ...variables.flatMap(({ name, shape }, index): NodeDef[] => [
      {
        name: handleOf(name),
        op: 'VarHandleOp',
        input: [],
        attr: {
          dtype: FLOAT,
          shape: { shape: shapeProto(shape) },
          shared_name: textAttribute(name),
          container: textAttribute(''),
        },
      },
      {
        name: assign(name),
        op: 'AssignVariableOp',
        input: [handleOf(name), `${RESTORE}:${String(index)}`],
        attr: { dtype: FLOAT },
      },
    ]),
    {
      name: ALL,
      op: 'NoOp',
      input: variables.map(({ name }) => `^${assign(name)}`),
      attr: {},
    },
  ];
  return {
    nodes,
    saver: {
      filenameTensorName: `${FILENAME}:0`,
      saveTensorName: `${FILENAME}:0`,
      restoreOpName: ALL,
    },
  };
}

function texts(name: string, values: readonly string[]): NodeDef {
  const dtype: AttrValue = { type: DATA_TYPE.string };
  const stringVal = values.map((value) => new TextEncoder().encode(value));
  const tensor = { dtype: DATA_TYPE.string, tensorShape: shapeProto([values.length]), stringVal };
  return { name, op: 'Const', input: [], attr: { dtype, value: { tensor } } };
}
