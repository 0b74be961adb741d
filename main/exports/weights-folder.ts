import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { familyOf, type Architecture } from '../../shared/models/registry.ts';
import { Checkpoint } from '../formats/checkpoints/checkpoint.ts';
import { parseModelConfig } from '../formats/checkpoints/configs/read.ts';
import { recogniseBackbone } from '../formats/checkpoints/registry.ts';
import { storedTensors, type StoredNames } from '../formats/checkpoints/stored.ts';
import type { TensorDtype, TensorToWrite } from '../formats/safetensors.ts';
import {
  mergedTensor,
  type Bound,
  type ExportedModel,
  type ProofTools,
  type ReadBack,
} from './exporter.ts';

/** The weights in a folder of timm or Hugging Face. */
export const MODEL = 'model.safetensors';

/**
 * The model's tensors as a library's file holds them.
 * @param written the network that the library builds: the model's, but for what computes the same
 * (a head that reads another token, too; position embeddings of the class token)
 */
export function writtenTensors(
  model: ExportedModel,
  names: StoredNames,
  written: Architecture,
): TensorToWrite[] {
  const specs = new Map(model.specs.map((spec) => [spec.name, spec]));
  return storedTensors(names, written).map(({ name, shape, from, values }) => {
    const spec = specs.get(from);
    return {
      ...{ name, shape },
      dtype: spec === undefined ? 'F32' : model.storedAs(spec),
      data: () => Promise.resolve(values(adapted(from, model, written))),
    };
  });
}

/** A tensor of the model as one of the network that is written. */
function adapted(name: string, model: ExportedModel, written: Architecture): Float32Array {
  const { architecture: a } = model;
  const data = mergedTensor(model, name);
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  const width = familyOf(a).width(a);
  if (name === 'head.weight' && familyOf(written).width(written) > width)
    return onHalf(values, width, a.family === 'vit' && a.pool === 'mean');
  const [alone, all] = [a, written].map((one) => one.family === 'vit' && one.patchPositions);
  return name === 'pos_embed' && alone && !all ? afterZeros(values, width) : values;
}

/** (classes, width) as (classes, 2 · width), with zeros for the other half of the features. */
function onHalf(weight: Float32Array, width: number, second: boolean): Float32Array {
  const wide = new Float32Array(2 * weight.length);
  const offset = second ? width : 0;
  for (let i = 0; i < weight.length; i++)
    wide[2 * width * Math.floor(i / width) + offset + (i % width)] = weight[i] ?? 0;
  return wide;
}

/** With a row of zeros for the class token. */
function afterZeros(table: Float32Array, width: number): Float32Array {
  const grown = new Float32Array(table.length + width);
  grown.set(table, width);
  return grown;
}

/** Reads the folder as any backbone's, configuration included, and computes it by our own network. */
export async function openWritten(
  folder: string,
  _model: ExportedModel,
  tools: ProofTools,
): Promise<ReadBack> {
  const checkpoint = await Checkpoint.open(join(folder, MODEL));
  try {
    const { path, translation } = checkpoint;
    const beside = join(dirname(path), 'config.json');
    const config = parseModelConfig(JSON.parse(await readFile(beside, 'utf8')), beside);
    const { architecture } = recogniseBackbone(path, translation, { config });
    const tensors = new Map<string, Float32Array>();
    for (const { name } of familyOf(architecture).tensors(architecture, architecture.classes))
      tensors.set(name, await checkpoint.readFloat32(name));
    return await tools.ourNetwork(architecture, tensors);
  } finally {
    await checkpoint.close();
  }
}

/**
 * Tolerance between logits relative to the largest logit (at least 1): a hundred times the rounding
 * error in float32; for half types, the error of rounding the weights.
 */
const RELATIVE_TOLERANCE: Partial<Record<TensorDtype, number>> = {
  F32: 1e-4,
  F16: 2e-2,
  BF16: 1e-1,
};

/** By the type of the matrices, which hold most parameters. */
export function tensorBound({ specs, storedAs }: ExportedModel): Bound {
  const matrix = specs.find(({ role }) => role === 'matrix');
  const type = matrix === undefined ? 'F32' : storedAs(matrix);
  return {
    of: 'logits',
    tolerance: (largest) => (RELATIVE_TOLERANCE[type] ?? 1e-4) * largest,
  };
}
