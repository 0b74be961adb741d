import { join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { CALL, callNodes, signatureOf } from '../../backends/tensorflow/call.ts';
import { lowerFunction } from '../../backends/tensorflow/function.ts';
import { shapeProto, typeAttribute } from '../../backends/tensorflow/nodes.ts';
import { makeFolder, writeFileAtomic } from '../../formats/files.ts';
import {
  DATA_TYPE,
  encodeSavedModel,
  type GraphModel,
  type NodeDef,
  type SignatureDef,
} from '../../formats/saved-model.ts';
import { writeTensorBundle } from '../../formats/tensor-bundle.ts';
import { writeCompanions } from '../companions.ts';
import { mergedTensor, type ExportedModel, type Exporter } from '../exporter.ts';
import { READ, readingFunctions } from './reading.ts';
import { handleOf, restoring } from './restoring.ts';

const GRAPH = 'saved_model.pb';
/** The folder of the weights, and the prefix of its files. */
const VARIABLES = 'variables';
const CLASSIFY = 'classify';
/** The signatures: what TensorFlow Serving calls unless told otherwise, and image files. */
const SIGNATURES = { images: 'serving_default', files: 'files' } as const;
const FILE = 'files/file';
const READING = 'files/read';
const ANSWER = 'files/classify';
const OUT = { pixels: 'files/pixels', probabilities: 'files/probabilities' } as const;

const TOLERANCE = 1e-4;

/** A folder that TensorFlow loads: images, or whole files, to probabilities. */
export const savedModel: Exporter<'savedmodel'> = {
  format: 'savedmodel',
  async write(model, _options, folder) {
    await makeFolder(join(folder, VARIABLES));
    const tensors = new Map(
      model.specs.map(({ name, shape }) => [name, { shape, values: mergedTensor(model, name) }]),
    );
    await writeTensorBundle(join(folder, VARIABLES, VARIABLES), tensors);
    await writeFileAtomic(join(folder, GRAPH), encodeSavedModel(graphOf(model)));
    const notes = savedModel.notes(model);
    await writeCompanions(model, folder, { format: 'savedmodel', precision: null, notes });
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
  notes: () => ['savedmodel-files'],
};

function graphOf(model: ExportedModel): GraphModel {
  const { classify, specs, preprocessing } = model;
  const { definition, variables } = lowerFunction(CLASSIFY, classify, {
    kernels: false,
    attributes: {},
  });
  const used = new Map(specs.map((spec) => [spec.name, spec]));
  const restored = restoring(variables.flatMap((name) => used.get(name) ?? []));
  const handles = variables.map(handleOf);
  return {
    functions: [definition, ...readingFunctions(preprocessing)],
    nodes: [
      ...restored.nodes,
      ...callNodes(CLASSIFY, classify, handles, {}),
      ...fileNodes(Object.keys(classify.outputs), handles),
    ],
    signatures: {
      [SIGNATURES.images]: signatureOf(CLASSIFY, classify),
      [SIGNATURES.files]: filesSignature(model),
    },
    saver: restored.saver,
  };
}

/** The call for one file: read, then classify. @param outputs of the classifier, in order */
function fileNodes(outputs: readonly string[], handles: readonly string[]): NodeDef[] {
  const { string, float32, resource } = DATA_TYPE;
  const types = (type: number, count: number): number[] =>
    Array.from({ length: count }, () => type);
  const output = (name: string, from: string): NodeDef => ({
    name,
    op: 'Identity',
    input: [from],
    attr: { T: typeAttribute('float32') },
  });
  return [
    {
      name: FILE,
      op: 'Placeholder',
      input: [],
      attr: { dtype: { type: string }, shape: { shape: { dim: [] } } },
    },
    {
      name: READING,
      op: 'PartitionedCall',
      input: [FILE],
      attr: {
        Tin: { list: { type: [string] } },
        Tout: { list: { type: types(float32, 2) } },
        f: { func: { name: READ.name } },
      },
    },
    {
      name: ANSWER,
      op: 'StatefulPartitionedCall',
      input: [`${READING}:1`, ...handles],
      attr: {
        Tin: { list: { type: [float32, ...types(resource, handles.length)] } },
        Tout: { list: { type: types(float32, outputs.length) } },
        f: { func: { name: CLASSIFY } },
      },
    },
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
