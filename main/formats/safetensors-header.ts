import { KarstError } from '../../shared/domain/errors.ts';
import type { ErrorCode } from '../../shared/domain/error-report.ts';
import type { ContainerTensor } from './containers/container.ts';
import {
  bytesPerElement,
  elementCount,
  isTensorDtype,
  type TensorDtype,
} from './containers/elements.ts';
import { parseStrictJson, StrictJsonError, type JsonValue } from './strict-json.ts';

export interface TensorInfo extends ContainerTensor {
  /** First byte and the byte after the last, counted from the start of the data section. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's own cap on the length of the header. */
export const HEADER_LIMIT = 100_000_000;

/** Types that the format knows and this reader does not take. */
const OTHER_DTYPES = new Set([
  ...['U16', 'U32', 'U64', 'C64', 'F4', 'F6_E2M3', 'F6_E3M2'],
  ...['F8_E4M3', 'F8_E5M2', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'],
]);

/**
 * Parses and checks the JSON header of a safetensors file (https://github.com/huggingface/safetensors, "Format"):
 * no duplicate names, known types, byte ranges that fit the shapes and cover the data without overlap or hole.
 *
 * @param json the header's bytes, without the length before it
 * @param dataBytes size of the data section
 * @param path only for the sentences
 * @throws KarstError `file-damaged`, `format-unknown`, `format-unsupported`
 */
export function parseHeader(json: Uint8Array, dataBytes: number, path: string): SafetensorsHeader {
  const refuse = (what: string, code: ErrorCode = 'file-damaged'): never => {
    throw new KarstError(code, `${path} ${what}.`, {
      hint:
        code === 'file-damaged'
          ? 'Download or export the file again.'
          : 'Convert its tensors to float32, float16 or bfloat16 and save it again.',
      path,
    });
  };
  let root: JsonValue;
  try {
    root = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json));
  } catch (error) {
    if (error instanceof StrictJsonError) return refuse(`has a header that ${error.message}`);
    if (error instanceof TypeError) return refuse('has a header that is not valid UTF-8');
    throw error;
  }
  if (!(root instanceof Map)) return refuse('has a header that is not a JSON object');

  const tensors = new Map<string, TensorInfo>();
  const metadata = new Map<string, string>();
  for (const [name, entry] of root as ReadonlyMap<string, JsonValue>) {
    if (name === '__metadata__') {
      if (!(entry instanceof Map)) refuse('has metadata that is not a JSON object');
      for (const [key, value] of entry as ReadonlyMap<string, JsonValue>) {
        if (typeof value !== 'string')
          return refuse(`has the metadata entry ${JSON.stringify(key)}, which is not text`);
        metadata.set(key, value);
      }
    } else {
      tensors.set(name, parseTensor(name, entry, dataBytes, refuse));
    }
  }
  checkCoverage([...tensors.values()], dataBytes, refuse);
  return { tensors, metadata };
}

type Refuse = (what: string, code?: ErrorCode) => never;

function parseTensor(
  name: string,
  entry: JsonValue,
  dataBytes: number,
  refuse: Refuse,
): TensorInfo {
  const quoted = JSON.stringify(name);
  const fields = entry instanceof Map ? (entry as ReadonlyMap<string, JsonValue>) : null;
  if (fields === null)
    return refuse(`describes the tensor ${quoted} by something else than an object`);
  for (const key of fields.keys())
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets')
      refuse(`describes the tensor ${quoted} with the unknown field ${JSON.stringify(key)}`);

  const dtype = fields.get('dtype');
  if (typeof dtype !== 'string') return refuse(`names no type for the tensor ${quoted}`);
  if (!isTensorDtype(dtype))
    return OTHER_DTYPES.has(dtype)
      ? refuse(
          `holds the tensor ${quoted} as ${dtype}, which is not supported`,
          'format-unsupported',
        )
      : refuse(
          `gives the tensor ${quoted} the unknown type ${JSON.stringify(dtype)}`,
          'format-unknown',
        );

  const shape = sizes(fields.get('shape'));
  if (shape === null)
    return refuse(`gives the tensor ${quoted} a shape that is not a list of sizes`);
  const offsets = sizes(fields.get('data_offsets'));
  if (offsets?.length !== 2)
    return refuse(`gives the tensor ${quoted} offsets that are not two whole numbers`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) return refuse(`gives the tensor ${quoted} an end before its beginning`);
  if (end > dataBytes)
    return refuse(
      `is cut off: the tensor ${quoted} should end at byte ${end} of the data, which has ${dataBytes}`,
    );
  const count = elementCount(shape);
  const bytes = count === null ? null : elementCount([count, bytesPerElement(dtype)]);
  if (bytes === null)
    return refuse(
      `gives the tensor ${quoted} the shape [${shape.join(', ')}], which is too large to exist`,
    );
  if (bytes !== end - begin)
    return refuse(
      `gives the tensor ${quoted} ${end - begin} bytes where ${dtype} [${shape.join(', ')}] needs ${bytes}`,
    );
  return { name, dtype, shape, begin, end };
}

function sizes(value: JsonValue | undefined): number[] | null {
  if (!Array.isArray(value)) return null;
  const list = value as readonly JsonValue[];
  return list.every((n): n is number => Number.isSafeInteger(n) && (n as number) >= 0)
    ? [...list]
    : null;
}

/** Empty tensors may be at any boundary between tensors, but not inside one. */
function checkCoverage(tensors: TensorInfo[], dataBytes: number, refuse: Refuse): void {
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  let previous = 'the beginning of the data';
  for (const tensor of tensors) {
    const name = JSON.stringify(tensor.name);
    if (tensor.begin < covered) refuse(`has tensors that overlap: ${previous} and ${name}`);
    if (tensor.begin > covered)
      refuse(
        `has ${tensor.begin - covered} bytes between ${previous} and ${name} that belong to no tensor`,
      );
    covered = tensor.end;
    previous = name;
  }
  if (covered !== dataBytes)
    refuse(`has ${dataBytes - covered} bytes at its end that belong to no tensor`);
}

/**
 * The order in which tensors are stored: larger elements first, so that each is aligned to its own size, then by
 * name. (The reference writer does the same.)
 */
export function storageOrder(
  a: { readonly name: string; readonly dtype: TensorDtype },
  b: { readonly name: string; readonly dtype: TensorDtype },
): number {
  const bySize = bytesPerElement(b.dtype) - bytesPerElement(a.dtype);
  if (bySize !== 0) return bySize;
  if (a.dtype !== b.dtype) return a.dtype < b.dtype ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * The bytes before the data section: length, JSON, spaces up to a multiple of 8.
 *
 * @param tensors in storage order
 */
export function renderHeader(
  tensors: readonly { name: string; dtype: TensorDtype; shape: readonly number[]; bytes: number }[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    const pairs = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
    entries.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  let begin = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    const end = begin + bytes;
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${begin},${end}]}`,
    );
    begin = end;
  }
  const json = Buffer.from(`{${entries.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + length).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(json, 8);
  return out;
}
