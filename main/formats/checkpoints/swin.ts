import { swin, type SwinArchitecture } from '../../../shared/models/swin.ts';
import {
  checkTensors,
  refuse,
  type CheckpointSources,
  type Recognised,
  type TensorTable,
} from './family.ts';
import { Settling } from './settle.ts';
import type { Translation } from './translate.ts';

const PATCHES = 'patch_embed.proj.weight';
const TABLE = 'attn.relative_position_bias_table';

/** A Swin transformer of the first version: heads and window stand in the shapes of its bias tables. */
export function recogniseSwin(
  path: string,
  { source, tensors, called }: Translation,
  sources: CheckpointSources,
): Recognised<SwinArchitecture> {
  const settling = new Settling(sources, source.said);
  const [width = 0, channels, patchSize = 1, across] = need(path, tensors, PATCHES);
  if (channels !== 3 || patchSize !== across)
    throw refuse(
      'format-unsupported',
      path,
      `the tensor ${PATCHES} has the shape (${[width, channels, patchSize, across].join(', ')}); three channels and square patches are supported.`,
    );
  const depths = depthsOf(tensors);
  const tables = depths.map((_, stage) =>
    need(path, tensors, `layers.${String(stage)}.blocks.0.${TABLE}`),
  );
  // The last stages may be smaller than the window: then theirs is smaller, too.
  const windows = tables.map(([rows = 0]) => (Math.sqrt(rows) + 1) / 2);
  const window = Math.max(...windows);
  if (!windows.every(Number.isInteger))
    throw refuse(
      'format-unsupported',
      path,
      `the tensor layers.0.blocks.0.${TABLE} has ${String(tables[0]?.[0])} rows, which belong to no square window.`,
    );
  const [hidden = 0] = need(path, tensors, 'layers.0.blocks.0.mlp.fc1.weight');
  const activation = settling.said('activation');
  if (activation !== null && activation.from !== 'option' && activation.value !== 'gelu')
    throw refuse(
      'format-unsupported',
      path,
      `${activation.from} says the activation ${activation.value}, and a Swin transformer here has gelu.`,
      'Correct the configuration beside the file.',
    );
  const head = tensors.get('head.weight')?.shape[0] ?? 0;
  const architecture: SwinArchitecture = {
    family: 'swin',
    imageSize: settling.settle('imageSize', window * patchSize * 2 ** (depths.length - 1)),
    patchSize,
    width,
    depths,
    heads: tables.map(([, heads = 0]) => heads),
    window,
    mlpRatio: hidden / width,
    qkvBias: tensors.has('layers.0.blocks.0.attn.qkv.bias'),
    classes: head,
    layerNormEpsilon: settling.settle('layerNormEpsilon', 1e-5),
  };
  checkTensors(path, tensors, swin.tensors(architecture, architecture.classes), called);
  return { architecture, headsFrom: 'default', assumed: settling.assumed };
}

function need(path: string, tensors: TensorTable, name: string): readonly number[] {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw refuse(
      'format-unknown',
      path,
      `no Swin transformer that is known: the tensor ${name} is missing.`,
    );
  return tensor.shape;
}

/** Blocks of each stage. */
function depthsOf(tensors: TensorTable): number[] {
  const depths: number[] = [];
  for (const name of tensors.keys()) {
    const [, stage, block] = /^layers\.(\d{1,2})\.blocks\.(\d{1,3})\./.exec(name) ?? [];
    if (stage !== undefined && block !== undefined)
      depths[Number(stage)] = Math.max(depths[Number(stage)] ?? 0, Number(block) + 1);
  }
  // A stage without blocks leaves a hole.
  return Array.from(depths, (depth: number | undefined) => depth ?? 0);
}
