import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Preprocessing } from '../../shared/domain/preprocessing.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import type { Tuning } from '../../shared/methods/registry.ts';
import { trainedTensors } from '../../shared/methods/trained.ts';
import { taskSpec } from '../../shared/tasks/registry.ts';
import { headTensors } from '../../shared/models/head.ts';
import { fits, modelSpec } from '../../shared/models/registry.ts';
import {
  adapterConfigFromJson,
  adapterConfigToJson,
  labelsFromJson,
  type AdapterConfig,
} from './adapter-config.ts';
import { readError, readTextFile, writeFileAtomic, writeFolderAtomic } from './files.ts';
import { adapterCard, relabelledCard } from './model-card.ts';
import { preprocessingFromJson, preprocessingToJson } from './preprocessor-config.ts';
import { renderHeader, storageOrder } from './safetensors-header.ts';
import { SafetensorsFile, writeSafetensors, type TensorToWrite } from './safetensors.ts';

/**
 * The native adapter folder: `adapter_model.safetensors`, `adapter_config.json`, `preprocessor_config.json`,
 * `labels.json`, `README.md`. Tensors are float32 and exactly those of `adapterTensorShapes`.
 */

export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
const PREPROCESSOR = 'preprocessor_config.json';
const LABELS = 'labels.json';
export const CARD = 'README.md';
export const ADAPTER_FILES = [ADAPTER_WEIGHTS, CONFIG, PREPROCESSOR, LABELS, CARD] as const;

/** Limit of an adapter's JSON files, in bytes. */
const JSON_LIMIT = 64 * 1024 * 1024;

export interface AdapterFolder {
  readonly dir: string;
  /** Path of the weights, to be opened with `SafetensorsFile.open`. */
  readonly weights: string;
  readonly config: AdapterConfig;
  readonly preprocessing: Preprocessing;
  /** Class names; the index is the head's output. */
  readonly labels: readonly string[];
  /** Parameter counts: without the head, and of the head. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** Sum of the files' sizes. */
  readonly bytes: number;
}

/**
 * Names and shapes of an adapter's tensors: what its method trains on the backbone at its image
 * size, and the head.
 * @param outputs of the head, as the task has them for the adapter's classes
 */
export function adapterTensorShapes(
  config: Tuning & Pick<AdapterConfig, 'architecture'>,
  preprocessing: Pick<Preprocessing, 'imageSize'>,
  outputs: number,
): Map<string, readonly number[]> {
  const model = modelSpec({ ...config.architecture, imageSize: preprocessing.imageSize });
  const tensors = [...trainedTensors(model, config), ...headTensors(model.width, outputs)];
  return new Map(tensors.map(({ name, shape }) => [name, shape]));
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const weightsMetadata = (
  config: Pick<AdapterConfig, 'backboneSha256'>,
): Record<string, string> => ({
  format: 'karst-adapter',
  base_model_sha256: config.backboneSha256 ?? '',
});

/** Size in bytes of an adapter's weights file. */
export function adapterWeightsBytes(
  config: Tuning & Pick<AdapterConfig, 'architecture' | 'backboneSha256'>,
  preprocessing: Pick<Preprocessing, 'imageSize'>,
  outputs: number,
): number {
  const tensors = [...adapterTensorShapes(config, preprocessing, outputs)]
    .map(([name, shape]) => ({ name, dtype: 'F32' as const, shape, bytes: 4 * sizeOf(shape) }))
    .sort(storageOrder);
  const header = renderHeader(tensors, weightsMetadata(config));
  return tensors.reduce((sum, { bytes }) => sum + bytes, header.length);
}

async function readJson(path: string): Promise<unknown> {
  const { size } = await stat(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw readError(path, cause);
    throw new KarstError(
      'not-found',
      `${path} is missing: this is not a complete adapter folder.`,
      {
        hint: `An adapter folder holds ${ADAPTER_FILES.join(', ')}.`,
        path,
        cause,
      },
    );
  });
  if (size > JSON_LIMIT)
    throw new KarstError('file-damaged', `${path} is ${size} bytes long, far too long.`, {
      hint: 'Use a fresh copy of the adapter.',
      path,
    });
  const text = await readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KarstError(
      'file-damaged',
      `${path} is not valid JSON: ${(cause as Error).message}.`,
      {
        hint: 'Use a fresh copy of the adapter.',
        path,
        cause,
      },
    );
  }
}

/** Compares the tensors of an open file with those expected. @throws file-damaged, backbone-mismatch */
function checkShapes(
  file: SafetensorsFile,
  expected: ReadonlyMap<string, readonly number[]>,
  path: string,
): void {
  const mismatch = (sentence: string): KarstError =>
    new KarstError('backbone-mismatch', `${path}: ${sentence}`, {
      hint: 'The weights do not match the description beside them; use a fresh copy of the adapter.',
      path,
    });
  for (const [name, shape] of expected) {
    const found = file.tensors.get(name);
    if (found === undefined) throw mismatch(`the tensor ${name} is missing.`);
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i]))
      throw mismatch(
        `the tensor ${name} has the shape (${found.shape.join(', ')}), expected (${shape.join(', ')}).`,
      );
    if (found.dtype !== 'F32')
      throw mismatch(`the tensor ${name} is stored as ${found.dtype}, expected F32.`);
  }
  for (const name of file.tensors.keys())
    if (!expected.has(name)) throw mismatch(`the tensor ${name} was not expected.`);
}

/**
 * Reads and checks an adapter folder: descriptions against their schemas, names, shapes and data types of
 * the tensors against the description, every number finite.
 * @throws not-found, not-readable, file-damaged, format-unsupported, backbone-mismatch
 */
export async function readAdapterFolder(dir: string): Promise<AdapterFolder> {
  const info = await stat(dir).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new KarstError('not-found', `There is no adapter folder at ${dir}.`, {
      hint: 'Check the path.',
      path: dir,
      cause,
    });
  });
  if (!info.isDirectory())
    throw new KarstError('format-unknown', `${dir} is no adapter.`, {
      hint: `An adapter is a .karst file, or a folder with ${ADAPTER_WEIGHTS} and ${CONFIG}.`,
      path: dir,
    });
  const weights = join(dir, ADAPTER_WEIGHTS);
  const config = adapterConfigFromJson(await readJson(join(dir, CONFIG)), join(dir, CONFIG));
  const preprocessing = preprocessingFromJson(
    await readJson(join(dir, PREPROCESSOR)),
    join(dir, PREPROCESSOR),
  );
  const labels = labelsFromJson(await readJson(join(dir, LABELS)), join(dir, LABELS));
  if (!fits(config.architecture, preprocessing.imageSize))
    throw new KarstError(
      'format-unsupported',
      `${dir}: images of ${preprocessing.imageSize} pixels do not fit the backbone's patches.`,
      { hint: 'Use an adapter folder written by this version of KARST Studio.', path: dir },
    );
  const outputs = taskSpec(config.task).outputs(labels.length);
  const expected = adapterTensorShapes(config, preprocessing, outputs);
  const file = await SafetensorsFile.open(weights);
  try {
    checkShapes(file, expected, weights);
    for (const name of expected.keys()) {
      const found = await file.firstNotFinite(name);
      if (found !== null)
        throw new KarstError(
          'file-damaged',
          `${weights}: the tensor ${name} holds ${String(found.value)} at position ${found.position}.`,
          { hint: 'Use a fresh copy of the adapter.', path: weights },
        );
    }
  } finally {
    await file.close();
  }
  let all = 0;
  for (const shape of expected.values()) all += sizeOf(shape);
  const head = outputs * (config.architecture.width + 1);
  const bytes = await sizeOfFiles(dir);
  return {
    dir,
    weights,
    config,
    preprocessing,
    labels,
    parameters: { adapter: all - head, head },
    bytes,
  };
}

async function sizeOfFiles(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of [ADAPTER_WEIGHTS, CONFIG, PREPROCESSOR, LABELS])
    bytes += (await stat(join(dir, name))).size;
  return bytes;
}

/**
 * Writes an adapter folder atomically.
 * @param content.tensors exactly those of `adapterTensorShapes`, in any order; written in order of
 * name
 * @param content.card Markdown put under the facts of the model card; may be empty
 * @throws not-writable; internal when the tensors are not those that the config describes
 */
export async function writeAdapterFolder(
  dir: string,
  content: {
    readonly name: string;
    readonly tensors: readonly TensorToWrite[];
    readonly config: AdapterConfig;
    readonly preprocessing: Preprocessing;
    readonly labels: readonly string[];
    readonly card?: string;
  },
): Promise<void> {
  const { config, preprocessing, labels, tensors } = content;
  const outputs = taskSpec(config.task).outputs(labels.length);
  const expected = adapterTensorShapes(config, preprocessing, outputs);
  const names = new Set(tensors.map((t) => t.name));
  for (const [name, shape] of expected) {
    const tensor = tensors.find((t) => t.name === name);
    if (tensor?.shape.join() !== shape.join())
      throw new KarstError(
        'internal',
        `The adapter's tensor ${name} should have the shape (${shape.join(', ')}) and ${tensor === undefined ? 'is missing' : `has (${tensor.shape.join(', ')})`}.`,
      );
  }
  for (const name of names)
    if (!expected.has(name))
      throw new KarstError('internal', `The adapter has no place for a tensor named ${name}.`);
  labelsFromJson([...labels], join(dir, LABELS));
  await writeFolderAtomic(dir, async (tmp) => {
    await writeSafetensors(join(tmp, ADAPTER_WEIGHTS), tensors, weightsMetadata(config));
    await writeFileAtomic(join(tmp, CONFIG), json(adapterConfigToJson(config)));
    await writeFileAtomic(join(tmp, PREPROCESSOR), json(preprocessingToJson(preprocessing)));
    await writeFileAtomic(join(tmp, LABELS), json([...labels]));
    await writeFileAtomic(
      join(tmp, CARD),
      adapterCard(content.name, config, preprocessing, labels, content.card),
    );
  });
}

/**
 * Gives the classes of an adapter other names, in its labels and its card.
 * @param labels as many as it has
 * @returns the size of the folder's files as `AdapterFolder.bytes` has it
 * @throws format-unsupported, not-readable, not-writable
 */
export async function relabelAdapterFolder(
  dir: string,
  labels: readonly string[],
): Promise<number> {
  const path = join(dir, LABELS);
  await writeFileAtomic(path, json(labelsFromJson([...labels], path)));
  const card = join(dir, CARD);
  const text = await readTextFile(card).catch((error: unknown) => {
    // An adapter without a card is a whole one.
    if (error instanceof KarstError && error.code === 'not-found') return null;
    throw error;
  });
  if (text !== null) await writeFileAtomic(card, relabelledCard(text, labels));
  return sizeOfFiles(dir);
}
