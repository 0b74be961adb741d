import { dirname, join } from 'node:path';
import type { SourceKind } from '../../../../shared/domain/backbone.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Backbone } from '../../../../shared/domain/library.ts';
import type { Said } from '../../../../shared/domain/said.ts';
import type { Preprocessor } from '../../../formats/checkpoints/backbone-preprocessing.ts';
import { Checkpoint } from '../../../formats/checkpoints/checkpoint.ts';
import type { ModelConfig } from '../../../formats/checkpoints/configs/model-config.ts';
import { parseModelConfig } from '../../../formats/checkpoints/configs/read.ts';
import { readMetadata } from '../../../formats/checkpoints/configs/timm.ts';
import {
  recogniseBackbone,
  type RecognisedBackbone,
} from '../../../formats/checkpoints/registry.ts';
import { readError, readTextFile } from '../../../formats/files.ts';
import { isTimmWrapper, preprocessingFromJson } from '../../../formats/preprocessor-config.ts';
import { statOrNull } from '../paths.ts';

/** With the names of 21,841 classes and their ids, both ways, a configuration has 1.1 MB. */
const CONFIG_LIMIT = 8_000_000;

/** The configuration beside the weights of the library whose names they have; null if there is none. */
async function configBeside(weights: string, source: SourceKind): Promise<ModelConfig | null> {
  const name = source === 'open_clip' ? 'open_clip_config.json' : 'config.json';
  const found = await jsonBeside(weights, name);
  return found === null ? null : parseModelConfig(found.value, found.path);
}

/** `preprocessor_config.json` beside the weights; null if there is none, or one that only points to timm's. */
async function preprocessorBeside(
  weights: string,
  config: ModelConfig | null,
): Promise<Preprocessor | null> {
  const found = await jsonBeside(weights, 'preprocessor_config.json');
  if (found === null || (config?.library === 'timm' && isTimmWrapper(found.value))) return null;
  const { path, value } = found;
  return { path, preprocessing: preprocessingFromJson(value, path, config?.modelType) };
}

async function jsonBeside(
  weights: string,
  name: string,
): Promise<{ path: string; value: unknown } | null> {
  const path = join(dirname(weights), name);
  const info = await statOrNull(path);
  if (info === null) return null;
  const refuse = (why: string, cause?: unknown): KarstError =>
    new KarstError('file-damaged', `${path}: ${why}.`, {
      hint: 'Correct the file, or remove it to use the defaults.',
      path,
      cause,
    });
  if (info.size > CONFIG_LIMIT) throw refuse('it is too long for a configuration');
  let value: unknown;
  try {
    value = JSON.parse(await readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw refuse(`it is not valid JSON (${error.message})`, error);
    throw readError(path, error);
  }
  return { path, value };
}

export interface InspectedBackbone
  extends RecognisedBackbone, Pick<Backbone, 'container' | 'tensorPrefix'> {
  /** The file, or the index and its shards. */
  readonly paths: readonly [string, ...string[]];
}

/**
 * Reads weights completely, and the files beside them.
 * @param weights a file, or the index of several
 * @throws as `BackboneService.add`
 */
export async function inspectBackbone(
  weights: string,
  said?: Said,
  signal?: AbortSignal,
): Promise<InspectedBackbone> {
  const file = await Checkpoint.open(weights);
  try {
    const recognised = await recognise(file, weights, said);
    const { architecture } = recognised;
    // Its own head is used as well, to try the backbone.
    const head = architecture.classes > 0;
    await file.requireFinite(architecture, { head, ...(signal === undefined ? {} : { signal }) });
    return recognised;
  } finally {
    await file.close();
  }
}

/** Recognises weights by names and shapes and the files beside them, without reading numbers. */
export async function recogniseAt(weights: string, said?: Said): Promise<InspectedBackbone> {
  const file = await Checkpoint.open(weights);
  try {
    return await recognise(file, weights, said);
  } finally {
    await file.close();
  }
}

async function recognise(
  file: Checkpoint,
  weights: string,
  said: Said = {},
): Promise<InspectedBackbone> {
  const config = await configBeside(weights, file.translation.kind);
  const metadata = readMetadata(file.container.metadata, weights);
  const preprocessor = await preprocessorBeside(weights, config);
  const recognised = recogniseBackbone(weights, file.translation, {
    ...{ option: said, config, metadata, preprocessor },
  });
  return {
    ...recognised,
    container: file.container.format,
    paths: [weights, ...file.container.files.filter((path) => path !== weights)],
    tensorPrefix: file.translation.prefix,
  };
}
