import protobuf from 'protobufjs';

/**
 * The part of TensorFlow's SavedModel format that we write: protobuf messages with the field numbers of
 * tensorflow/core/protobuf/{saved_model,meta_graph}.proto and tensorflow/core/framework/*.proto.
 */
export const DATA_TYPE = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  bool: 10,
  resource: 20,
} as const;

export interface TensorShapeProto {
  /** A size of -1 stands for a side that is known only at the call. */
  readonly dim: readonly { readonly size: number }[];
}
export interface TensorProto {
  readonly dtype: number;
  readonly tensorShape: TensorShapeProto;
  readonly tensorContent?: Uint8Array;
  /** The elements of a tensor of strings. */
  readonly stringVal?: readonly Uint8Array[];
}
export interface AttrValue {
  readonly s?: Uint8Array;
  readonly i?: number;
  readonly f?: number;
  readonly b?: boolean;
  readonly type?: number;
  readonly shape?: TensorShapeProto;
  readonly tensor?: TensorProto;
  readonly list?: {
    readonly type?: readonly number[];
    readonly shape?: readonly TensorShapeProto[];
  };
  readonly func?: { readonly name: string };
}
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}
export interface ArgDef {
  readonly name: string;
  readonly type: number;
}
export interface FunctionDef {
  readonly signature: {
    readonly name: string;
    readonly inputArg: readonly ArgDef[];
    readonly outputArg: readonly ArgDef[];
    readonly isStateful: boolean;
    readonly controlOutput: readonly string[];
  };
  readonly attr: Readonly<Record<string, AttrValue>>;
  readonly nodeDef: readonly NodeDef[];
  /** Output argument → tensor, as `node:output:index`. */
  readonly ret: Readonly<Record<string, string>>;
  readonly controlRet: Readonly<Record<string, string>>;
}
export interface TensorInfo {
  readonly name: string;
  readonly dtype: number;
  readonly tensorShape: TensorShapeProto;
}
export interface SignatureDef {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}
export interface GraphModel {
  readonly nodes: readonly NodeDef[];
  readonly functions: readonly FunctionDef[];
  readonly signatures: Readonly<Record<string, SignatureDef>>;
  /** How a loader sets the variables from the folder `variables`; left out without any. */
  readonly saver?: SaverDef;
}
export interface SaverDef {
  /** The tensor that is fed with the prefix of the checkpoint's files. */
  readonly filenameTensorName: string;
  /** Required by loaders, which do not save. */
  readonly saveTensorName: string;
  /** The operation that restores. */
  readonly restoreOpName: string;
}

const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });
const mapOf = (type: string, id: number) => ({ keyType: 'string', type, id });
const one = (type: string, id: number) => ({ type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    Dim: { fields: { size: one('int64', 1) } },
    TensorShapeProto: { fields: { dim: repeated('Dim', 2) } },
    TensorProto: {
      fields: {
        dtype: one('int32', 1),
        tensorShape: one('TensorShapeProto', 2),
        tensorContent: one('bytes', 4),
        stringVal: repeated('bytes', 8),
      },
    },
    ListValue: {
      fields: { type: repeated('int32', 6), shape: repeated('TensorShapeProto', 7) },
    },
    NameAttrList: { fields: { name: one('string', 1) } },
    AttrValue: {
      oneofs: { value: { oneof: ['list', 's', 'i', 'f', 'b', 'type', 'shape', 'tensor', 'func'] } },
      fields: {
        list: one('ListValue', 1),
        s: one('bytes', 2),
        i: one('int64', 3),
        f: one('float', 4),
        b: one('bool', 5),
        type: one('int32', 6),
        shape: one('TensorShapeProto', 7),
        tensor: one('TensorProto', 8),
        func: one('NameAttrList', 10),
      },
    },
    NodeDef: {
      fields: {
        name: one('string', 1),
        op: one('string', 2),
        input: repeated('string', 3),
        attr: mapOf('AttrValue', 5),
      },
    },
    ArgDef: { fields: { name: one('string', 1), type: one('int32', 3) } },
    OpDef: {
      fields: {
        name: one('string', 1),
        inputArg: repeated('ArgDef', 2),
        outputArg: repeated('ArgDef', 3),
        isStateful: one('bool', 17),
        controlOutput: repeated('string', 20),
      },
    },
    FunctionDef: {
      fields: {
        signature: one('OpDef', 1),
        nodeDef: repeated('NodeDef', 3),
        ret: mapOf('string', 4),
        attr: mapOf('AttrValue', 5),
        controlRet: mapOf('string', 6),
      },
    },
    FunctionDefLibrary: { fields: { function: repeated('FunctionDef', 1) } },
    VersionDef: { fields: { producer: one('int32', 1), minConsumer: one('int32', 2) } },
    GraphDef: {
      fields: {
        node: repeated('NodeDef', 1),
        library: one('FunctionDefLibrary', 2),
        versions: one('VersionDef', 4),
      },
    },
    TensorInfo: {
      fields: {
        name: one('string', 1),
        dtype: one('int32', 2),
        tensorShape: one('TensorShapeProto', 3),
      },
    },
    SignatureDef: {
      fields: {
        inputs: mapOf('TensorInfo', 1),
        outputs: mapOf('TensorInfo', 2),
        methodName: one('string', 3),
      },
    },
    MetaInfoDef: { fields: { tags: repeated('string', 4), tensorflowVersion: one('string', 5) } },
    SaverDef: {
      fields: {
        filenameTensorName: one('string', 1),
        saveTensorName: one('string', 2),
        restoreOpName: one('string', 3),
        version: one('int32', 7),
      },
    },
    MetaGraphDef: {
      fields: {
        metaInfoDef: one('MetaInfoDef', 1),
        graphDef: one('GraphDef', 2),
        saverDef: one('SaverDef', 3),
        signatureDef: mapOf('SignatureDef', 5),
      },
    },
    SavedModel: {
      fields: { savedModelSchemaVersion: one('int64', 1), metaGraphs: repeated('MetaGraphDef', 2) },
    },
  },
});

// The GraphDef version that TensorFlow 2.x has written since 2.0; every later runtime reads it.
const PRODUCER = 1882;
const MIN_CONSUMER = 12;
const CHECKPOINT_V2 = 2;

/** The bytes of `saved_model.pb`: one graph under the tag `serve`. */
export function encodeSavedModel({ nodes, functions, signatures, saver }: GraphModel): Uint8Array {
  const type = root.lookupType('SavedModel');
  const signatureDef = Object.fromEntries(
    Object.entries(signatures).map(([name, s]) => [
      name,
      { ...s, methodName: 'tensorflow/serving/predict' },
    ]),
  );
  return type
    .encode({
      savedModelSchemaVersion: 1,
      metaGraphs: [
        {
          metaInfoDef: { tags: ['serve'], tensorflowVersion: '2.21.0' },
          graphDef: {
            node: nodes,
            library: { function: functions },
            versions: { producer: PRODUCER, minConsumer: MIN_CONSUMER },
          },
          ...(saver === undefined ? {} : { saverDef: { ...saver, version: CHECKPOINT_V2 } }),
          signatureDef,
        },
      ],
    })
    .finish();
}
