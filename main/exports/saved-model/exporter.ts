import { join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { CALL, callNodes, signatureOf } from '../../backends/tensorflow/call.ts';
import { lowerFunction } from '../../backends/tensorflow/function.ts';
import { shapeProto, typeAttribute } from '../../backends/tensorflow/nodes.ts';
import { writeFileAtomic } from '../../formats/files.ts';
import {
  DATA_TYPE,
  encodeSavedModel,
  type GraphModel,
  type NodeDef,
  type SignatureDef,
} from '../../formats/saved-model.ts';
import { writeCompanions } from '../companions.ts';
import type { ExportedModel, Exporter } from '../exporter.ts';
import { READ, readingFunctions } from './reading.ts';

const GRAPH = 'saved_model.pb';
const CLASSIFY = 'classify';
/** The signatures: what TensorFlow Serving calls unless told otherwise, and image files. */
const SIGNATURES = { images: 'serving_default', files: 'files' } as const;
const FILE = 'files/file';
const READING = 'files/read';
const ANSWER = 'files/classify';
const OUT = { pixels: 'files/pixels', probabilities: 'files/probabilities' } as const;

/** A message of protobuf holds less than 2 GiB, and the weights are constants in it. */
const LARGEST_FILE = 2 ** 31 - 2 ** 24;
const TOLERANCE = 1e-4;

/** A folder that TensorFlow loads: images, or whole files, to probabilities. */
export const savedModel: Exporter<'savedmodel'> = {
  format: 'savedmodel',
  async write(model, _options, folder) {
    const values = [...model.tensors.values()].reduce((sum, { length }) => sum + length, 0);
    if (4 * values > LARGEST_FILE)
      throw new KarstError(
        'not-available',
        `The weights of ${model.name} are ${(4e-9 * values).toFixed(1)} GB, and a SavedModel with its weights inside holds 2 GB.`,
        { hint: 'Export it as ONNX.' },
      );
    await writeFileAtomic(join(folder, GRAPH), encodeSavedModel(graphOf(model)));
    await writeCompanions(model, folder, { format: 'savedmodel', precision: null });
  },
  async open(folder, { labels, preprocessing: { imageSize } }, tools) {
    const { tf, backend } = tools.tensorflow();
    const id = backend.loadSavedModelMetaGraph(folder, 'serve');
    const run = (
      input: ReturnType<typeof tf.tensor>,
      from: string,
      outputs: readonly string[],
    ): Float32Array[] => {
      const found = backend.runSavedModel(
        id,
        [input],
        [{ name: `${from}:0` }],
        outputs.map((name) => `${name}:0`),
      );
      const values = found.map((tensor) => Float32Array.from(tensor.dataSync()));
      tf.dispose([input, ...found]);
      return values;
    };
    return {
      async run(images, batch) {
        const input = tf.tensor(images, [batch, 3, imageSize, imageSize], 'float32');
        const output = CALL.output(CLASSIFY, 'probabilities');
        return run(input, CALL.input(CLASSIFY, 'images'), [output])[0] ?? new Float32Array();
      },
      async runFile(bytes) {
        const input = tf.tensor([bytes] as never, [], 'string');
        const [pixels, probabilities] = run(input, FILE, [OUT.pixels, OUT.probabilities]);
        if (probabilities?.length !== labels.length || pixels === undefined)
          throw new KarstError('internal', 'TensorFlow gave no probabilities.');
        return { pixels, probabilities };
      },
      close: async () => backend.deleteSavedModel(id),
    };
  },
  bound: () => ({ of: 'probabilities', tolerance: () => TOLERANCE }),
};

function graphOf(model: ExportedModel): GraphModel {
  const { classify, tensors, preprocessing } = model;
  const constants = new Map(
    [...tensors].map(([name, values]) => [
      name,
      values instanceof Float32Array ? values : Float32Array.from(values),
    ]),
  );
  const { definition } = lowerFunction(CLASSIFY, classify, {
    kernels: false,
    attributes: {},
    constants,
  });
  return {
    functions: [definition, ...readingFunctions(preprocessing)],
    nodes: [...callNodes(CLASSIFY, classify, [], {}), ...fileNodes(Object.keys(classify.outputs))],
    signatures: {
      [SIGNATURES.images]: signatureOf(CLASSIFY, classify),
      [SIGNATURES.files]: filesSignature(model),
    },
  };
}

/** The call for one file: read, then classify. @param outputs of the classifier, in order */
function fileNodes(outputs: readonly string[]): NodeDef[] {
  const FLOAT = typeAttribute('float32');
  const call = (
    name: string,
    fn: string,
    input: string,
    from: number,
    results: number,
  ): NodeDef => ({
    name,
    op: 'PartitionedCall',
    input: [input],
    attr: {
      Tin: { list: { type: [from] } },
      Tout: { list: { type: Array.from({ length: results }, () => DATA_TYPE.float32) } },
      f: { func: { name: fn } },
    },
  });
  const output = (name: string, from: string): NodeDef => ({
    name,
    op: 'Identity',
    input: [from],
    attr: { T: FLOAT },
  });
  return [
    {
      name: FILE,
      op: 'Placeholder',
      input: [],
      attr: { dtype: { type: DATA_TYPE.string }, shape: { shape: { dim: [] } } },
    },
    call(READING, READ.name, FILE, DATA_TYPE.string, 2),
    call(ANSWER, CLASSIFY, `${READING}:1`, DATA_TYPE.float32, outputs.length),
    output(OUT.pixels, `${READING}:0`),
    output(OUT.probabilities, `${ANSWER}:${String(outputs.indexOf('probabilities'))}`),
  ];
}

function filesSignature({ labels, preprocessing: { imageSize } }: ExportedModel): SignatureDef {
  const info = (name: string, dtype: number, shape: readonly number[]) => ({
    name: `${name}:0`,
    dtype,
    tensorShape: shapeProto(shape),
  });
  return {
    inputs: { file: info(FILE, DATA_TYPE.string, []) },
    outputs: {
      pixels: info(OUT.pixels, DATA_TYPE.float32, [imageSize, imageSize, 3]),
      probabilities: info(OUT.probabilities, DATA_TYPE.float32, [1, labels.length]),
    },
  };
}
