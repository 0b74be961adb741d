import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Precision } from '../../../shared/domain/export-target.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { writeFileAtomic } from '../../formats/files.ts';
import { writeCompanions } from '../companions.ts';
import type { ExportedModel, Exporter } from '../exporter.ts';
import { INPUT, onnxGraph } from './graph.ts';
import { encodeModel, EXTERNAL, type ModelProto, type TensorProto } from './schema.ts';

const MODEL = 'model.onnx';
const DATA = 'model.onnx.data';

/** The first version with LayerNormalization: the one that most programs read. */
const OPSET = 17;
/** The version of the file format that opset 17 came with. */
const IR_VERSION = 8;

/** A message of protobuf holds less than 2 GiB; beyond this the weights lie in a file beside it. */
const LARGEST_FILE = 2 ** 31 - 2 ** 24;
/** What external data is aligned to, so that runtimes can map it into memory. */
const PAGE = 4096;

/** Largest difference of a probability; any for int8, whose loss of accuracy is measured. */
const TOLERANCE: Readonly<Record<Precision, number>> = { float32: 1e-4, float16: 5e-3, int8: 1 };

/** One ONNX file with any batch size, proven by onnxruntime. */
export const onnx: Exporter<'onnx'> = {
  format: 'onnx',
  async write(model, { precision }, folder) {
    await writeOnnx(model, precision, folder);
    await writeCompanions(model, folder, { format: 'onnx', precision, notes: onnx.notes(model) });
  },
  async open(folder, { labels, preprocessing: { imageSize } }) {
    const ort = await onnxruntime();
    const session = await ort.InferenceSession.create(join(folder, MODEL), {
      executionProviders: ['cpu'],
      logSeverityLevel: 4,
    });
    return {
      async run(images, batch) {
        const pixels = new ort.Tensor('float32', images, [batch, 3, imageSize, imageSize]);
        const { probabilities } = await session.run({ [INPUT]: pixels });
        return valuesOf(probabilities, batch * labels.length);
      },
      close: () => session.release(),
    };
  },
  bound: (_model, { precision }) => ({
    of: 'probabilities',
    tolerance: () => TOLERANCE[precision],
    ...(precision === 'int8' ? { lossy: true } : {}),
  }),
  notes: () => ['onnx-cmyk'],
};

/** @param limit bytes of weights up to which they are in the file itself */
export async function writeOnnx(
  model: ExportedModel,
  precision: Precision,
  folder: string,
  limit = LARGEST_FILE,
): Promise<void> {
  const graph = onnxGraph(model.classify, model, precision);
  const bytes = graph.initializer.reduce((sum, { rawData }) => sum + (rawData?.length ?? 0), 0);
  const initializer =
    bytes > limit ? await writeBeside(graph.initializer, join(folder, DATA)) : graph.initializer;
  const file: ModelProto = {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: '', version: OPSET }],
    producerName: 'KARST Studio',
    docString: model.name,
    metadataProps: metadata(model, precision),
    graph: { ...graph, initializer },
  };
  await writeFileAtomic(join(folder, MODEL), encodeModel(file));
}

function metadata(model: ExportedModel, precision: Precision): ModelProto['metadataProps'] {
  const { labels, preprocessing, backbone, manifestSha256 } = model;
  const entries = {
    labels: JSON.stringify(labels),
    preprocessing: JSON.stringify(preprocessing),
    precision,
    backbone: backbone.name,
    license: backbone.licence ?? '',
    dataset_sha256: manifestSha256 ?? '',
  };
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}

/** Writes the values into a file of their own and returns the tensors that refer to it. */
async function writeBeside(tensors: readonly TensorProto[], path: string): Promise<TensorProto[]> {
  const moved: TensorProto[] = [];
  await writeFileAtomic(path, async (append) => {
    let offset = 0;
    for (const { rawData = new Uint8Array(), ...tensor } of tensors) {
      if (rawData.length < PAGE) {
        moved.push({ ...tensor, rawData });
        continue;
      }
      const padding = (PAGE - (offset % PAGE)) % PAGE;
      await append(new Uint8Array(padding));
      await append(rawData);
      moved.push({
        ...tensor,
        dataLocation: EXTERNAL,
        externalData: [
          { key: 'location', value: DATA },
          { key: 'offset', value: String(offset + padding) },
          { key: 'length', value: String(rawData.length) },
        ],
      });
      offset += padding + rawData.length;
    }
  });
  return moved;
}

function valuesOf(tensor: Tensor | undefined, size: number): Float32Array {
  const data = tensor?.data;
  if (data instanceof Float32Array && data.length === size) return data;
  throw new KarstError('verification-failed', 'The ONNX file has no probabilities of this size.', {
    hint: 'This is a fault in KARST Studio: please report it with the log.',
  });
}

interface OnnxRuntime {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

/** Loaded on demand: its library is 40 MB. @throws KarstError engine-unavailable */
async function onnxruntime(): Promise<OnnxRuntime> {
  try {
    return (await import('onnxruntime-node')).default;
  } catch (error) {
    throw new KarstError(
      'engine-unavailable',
      `ONNX Runtime, which an ONNX file is checked with, does not load: ${error instanceof Error ? error.message : String(error)}`,
      { hint: 'Run `npm run setup`, or export another format.', cause: error },
    );
  }
}
