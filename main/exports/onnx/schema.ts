import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/**
 * The messages of an ONNX file that we write. `onnx.proto` is the official file, as the Python
 * package onnx 1.23.2 carries it (Apache-2.0).
 */

/** Enum values of `TensorProto.DataType`. */
export const DATA_TYPE = {
  float32: 1,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type DataType = (typeof DATA_TYPE)[keyof typeof DATA_TYPE];

/** Enum values of `AttributeProto.AttributeType`. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;
/** `TensorProto.DataLocation.EXTERNAL`. */
export const EXTERNAL = 1;

interface StringEntry {
  readonly key: string;
  readonly value: string;
}

export interface TensorProto {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: DataType;
  /** Little-endian, row-major. */
  readonly rawData?: Uint8Array;
  readonly dataLocation?: typeof EXTERNAL;
  readonly externalData?: readonly StringEntry[];
}

export type AttributeProto = { readonly name: string } & (
  | { readonly type: typeof ATTRIBUTE_TYPE.float; readonly f: number }
  | { readonly type: typeof ATTRIBUTE_TYPE.int; readonly i: number }
  | { readonly type: typeof ATTRIBUTE_TYPE.ints; readonly ints: readonly number[] }
);

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeProto[];
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: DataType;
      readonly shape: {
        readonly dim: readonly ({ readonly dimValue: number } | { readonly dimParam: string })[];
      };
    };
  };
}

export interface ModelProto {
  readonly irVersion: number;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly producerName: string;
  readonly docString: string;
  readonly metadataProps: readonly StringEntry[];
  readonly graph: {
    readonly name: string;
    readonly node: readonly NodeProto[];
    readonly initializer: readonly TensorProto[];
    readonly input: readonly ValueInfoProto[];
    readonly output: readonly ValueInfoProto[];
  };
}

export type Attribute = number | readonly number[] | { readonly float: number };

/** Whole numbers and lists of them; a float is marked, as a number alone does not tell. */
export function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: value };
  if ('float' in value) return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
}

let modelType: protobuf.Type | undefined;

function schema(): protobuf.Type {
  modelType ??= protobuf
    .parse(readFileSync(new URL('onnx.proto', import.meta.url), 'utf8'))
    .root.lookupType('onnx.ModelProto');
  return modelType;
}

export function encodeModel(model: ModelProto): Uint8Array {
  return schema().encode(schema().fromObject(model)).finish();
}
