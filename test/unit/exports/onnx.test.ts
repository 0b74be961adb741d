import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import ort from 'onnxruntime-node';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import { randomStream } from '../../../main/engine/random.ts';
import { evaluationProgram } from '../../../main/engine/programs/evaluation.ts';
import type { ExportedModel } from '../../../main/exports/exporter.ts';
import { onnx, writeOnnx } from '../../../main/exports/onnx/exporter.ts';
import { onnxGraph } from '../../../main/exports/onnx/graph.ts';
import { hasLowering } from '../../../main/exports/onnx/nodes.ts';
import { encodeModel } from '../../../main/exports/onnx/schema.ts';
import { quantised } from '../../../main/exports/onnx/weights.ts';
import { BATCH } from '../../../main/graph/dim.ts';
import * as g from '../../../main/graph/operations.ts';
import type { ProgramFunction } from '../../../main/graph/program.ts';
import { OPERATIONS, type OpName } from '../../../main/graph/registry.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';
import { modelOf } from '../../fixtures/exported-model.ts';
import { MODELS } from '../../fixtures/models.ts';
import { PREPROCESSING, SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';
import { draw } from '../graph/cases.ts';
import { ROWS } from '../graph/operation-rows.ts';
import type { Operand } from '../graph/row.ts';

/** What ONNX Runtime computes of our files, against the interpreter. */

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'karst-onnx-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SOURCES = ['input', 'variable', 'constant'];

describe('the table of operations', () => {
  it('has every operation, or parts that it is made of', () => {
    const missing = (Object.keys(OPERATIONS) as OpName[]).filter(
      (op) => !SOURCES.includes(op) && !hasLowering(op) && !('decompose' in OPERATIONS[op]),
    );
    expect(missing).toEqual([]);
  });

  it.each(Object.keys(ROWS) as OpName[])('computes %s as the interpreter does', async (op) => {
    const outputs = Object.fromEntries(
      ROWS[op].map(({ operands, build }, row) => {
        const result = build(operands.map((operand, i) => constantFor(operand, 31 * row + i)));
        return [`result${String(row)}`, g.cast(result, 'float32')];
      }),
    );
    const fn: ProgramFunction = { inputs: [], outputs, updates: [] };
    const expected = await new Interpreter({ variables: [], functions: { f: fn } }).run('f', {});
    const found = await computed(fn);
    for (const [name, values] of Object.entries(expected))
      expect(distance(found[name]!, values), name).toBeLessThan(1e-4);
  });
});

function constantFor(operand: Operand, seed: number): Tensor {
  const drawn = draw(operand, randomStream(seed, 'operand'));
  if (operand.dtype !== 'bool') return g.constant(drawn, operand.shape);
  const floats = g.constant(Float32Array.from(drawn), operand.shape);
  return g.greaterEqual(floats, g.broadcastTo(g.scalar(0.5), operand.shape));
}

async function computed(fn: ProgramFunction): Promise<Record<string, Float32Array>> {
  const graph = onnxGraph(fn, { specs: [], tensors: new Map() }, 'float32');
  const file = encodeModel({
    ...{ irVersion: 8, opsetImport: [{ domain: '', version: 17 }], producerName: 'test' },
    ...{ docString: '', metadataProps: [], graph },
  });
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 4 });
  const results = await session.run({});
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]),
  );
}

/** The interpreter's probabilities for images of each batch size, and those of the file. */
async function compared(model: ExportedModel, out: string): Promise<number> {
  const { classify, architecture } = model;
  const { imageSize } = architecture;
  const program = evaluationProgram(plainModel(architecture, architecture.classes), BATCH).program;
  const session = new Interpreter({ ...program, functions: { classify } });
  await session.write(model.tensors as ReadonlyMap<string, Float32Array>);
  const written = await onnx.open(out, model, null as never);
  let most = 0;
  for (const batch of [1, 2, 5]) {
    const images = randomTensors(
      new Map([['images', [batch, 3, imageSize, imageSize]]]),
      batch,
    ).get('images')!;
    const { probabilities } = await session.run('classify', { images });
    most = Math.max(most, distance(await written.run(images, batch), probabilities!));
  }
  await written.close();
  return most;
}

describe('a written file', () => {
  it.each(MODELS)('answers any number of images as we do: $title', async ({ architecture }) => {
    const model = modelOf(architecture);
    const out = await mkdtemp(join(folder, 'f32-'));
    await writeOnnx(model, 'float32', out);
    expect(await compared(model, out)).toBeLessThan(1e-5);
  });

  it('holds half precision within its bound, in half the bytes', async () => {
    const model = modelOf(MODELS[0]!.architecture);
    const [whole, half] = [await mkdtemp(join(folder, 'a-')), await mkdtemp(join(folder, 'b-'))];
    await writeOnnx(model, 'float32', whole);
    await writeOnnx(model, 'float16', half);
    const difference = await compared(model, half);
    expect(difference).toBeGreaterThan(1e-6);
    expect(difference).toBeLessThan(5e-3);
    const weights = initializers(await readFile(join(half, 'model.onnx')));
    expect(weights.get('blocks.0.attn.qkv.weight')).toBe(10);
    expect(weights.get('blocks.0.norm1.weight')).toBe(10);
  });

  it('holds 8 bits of the matrices alone', async () => {
    const model = modelOf(MODELS[0]!.architecture);
    const out = await mkdtemp(join(folder, 'int8-'));
    await writeOnnx(model, 'int8', out);
    expect(await compared(model, out)).toBeLessThan(0.1);
    const weights = initializers(await readFile(join(out, 'model.onnx')));
    expect(weights.get('blocks.0.attn.qkv.weight.int8')).toBe(3);
    expect(weights.get('head.weight.int8')).toBe(3);
    expect(weights.get('blocks.0.norm1.weight')).toBe(1);
    expect(weights.get('head.bias')).toBe(1);
  });

  it('has its weights beside it when they are too many for one message', async () => {
    const model = modelOf({ ...SMALLEST_VIT, width: 32, mlpDim: 64 });
    const out = await mkdtemp(join(folder, 'beside-'));
    await writeOnnx(model, 'float32', out, 1000);
    expect((await readdir(out)).sort()).toEqual(['model.onnx', 'model.onnx.data']);
    expect(await compared(model, out)).toBeLessThan(1e-5);
    await writeFile(join(out, 'model.onnx.data'), '');
    await expect(compared(model, out)).rejects.toThrow();
  });

  it('says its version, its classes and how images are prepared', async () => {
    const out = await mkdtemp(join(folder, 'says-'));
    await writeOnnx(modelOf(MODELS[0]!.architecture), 'float32', out);
    const file = decoded(await readFile(join(out, 'model.onnx')));
    expect(file).toMatchObject({ irVersion: '8', opsetImport: [{ version: '17' }] });
    const said = new Map(file.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(said.get('labels')!)).toEqual(['copper', 'jade', 'slate']);
    expect(JSON.parse(said.get('preprocessing')!)).toEqual(PREPROCESSING);
    expect(said.get('dataset_sha256')).toBe('f'.repeat(64));
    expect(file.graph.input[0]).toMatchObject({
      name: 'pixel_values',
      type: { tensorType: { shape: { dim: [{ dimParam: 'batch' }, { dimValue: '3' }, {}, {}] } } },
    });
    expect(file.graph.output.map(({ name }) => name)).toEqual(['logits', 'probabilities']);
  });
});

interface Decoded {
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
  readonly graph: {
    readonly input: readonly { readonly name: string }[];
    readonly output: readonly { readonly name: string }[];
    readonly initializer: readonly { readonly name: string; readonly dataType: number }[];
  };
}

/** Read by the official description, not by ours. */
function decoded(bytes: Uint8Array): Decoded {
  const root = protobuf.loadSync('main/exports/onnx/onnx.proto');
  const type = root.lookupType('onnx.ModelProto');
  return type.toObject(type.decode(bytes), { longs: String }) as Decoded;
}

function initializers(bytes: Uint8Array): ReadonlyMap<string, number> {
  return new Map(decoded(bytes).graph.initializer.map(({ name, dataType }) => [name, dataType]));
}

describe('weights of 8 bits', () => {
  it('have a factor for each output channel, and are off by half a step at most', () => {
    const values = Float32Array.of(1, -0.5, 0.2, 100, 50, -127, 0, 0, 0);
    const { levels, scales } = quantised('w', [3, 3], values);
    const bytes = new Int8Array(levels.rawData!.buffer);
    const factors = new Float32Array(scales.rawData!.buffer);
    expect([...factors]).toEqual([Math.fround(1 / 127), 1, 1]);
    expect([...bytes]).toEqual([127, -64, 25, 100, 50, -127, 0, 0, 0]);
  });
});
