import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { BackboneReference, TrainingStart } from '../../../../shared/contract/engine/jobs.ts';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter, Dataset } from '../../../../shared/domain/library.ts';
import type { TrainingConfig } from '../../../../shared/domain/training.ts';
import {
  readError,
  readTextFile,
  sha256OfFile,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../../formats/files.ts';
import { ADAPTER_WEIGHTS } from '../../../formats/adapter-folder.ts';
import type { StoredImage } from '../../store/images.ts';
import { copyAdapter } from '../adapters/adapters.ts';
import { MANIFEST, manifestImages, writeManifest } from '../manifest.ts';

const CONFIG = 'config.json';
/** Folder with a copy of the adapter that the run starts from. */
const START = 'start';

const startSchema = v.object({
  adapter: v.object({ id: v.string(), name: v.string() }),
  sha256: v.string(),
  rows: v.array(v.nullable(v.number())),
});

/**
 * Creates a run's folder with `config.json` and the frozen `manifest.jsonl`, atomically. The engine
 * adds the other files.
 */
export async function createRunFolder(
  folder: string,
  content: {
    readonly id: string;
    readonly name: string;
    readonly createdAt: string;
    readonly backbone: BackboneReference;
    readonly dataset: Dataset;
    readonly task: string;
    readonly classes: readonly string[];
    readonly labels: ReadonlyMap<number, number>;
    readonly images: Iterable<StoredImage>;
    readonly config: TrainingConfig;
    /** The adapter that the run starts from. */
    readonly start: {
      readonly adapter: Adapter;
      readonly rows: TrainingStart['rows'];
    } | null;
  },
): Promise<{ counts: Record<Split, number>; manifestSha256: string }> {
  let counts: Record<Split, number> = { train: 0, val: 0, test: 0 };
  let manifestSha256 = '';
  await writeFolderAtomic(folder, async (tmp) => {
    const manifest = join(tmp, MANIFEST);
    counts = await writeManifest(manifest, manifestImages(content.images, content.labels));
    manifestSha256 = await sha256OfFile(manifest);
    const { id, name, createdAt, backbone, dataset, task, classes, config, start } = content;
    const description = {
      id,
      name,
      createdAt,
      backbone,
      dataset: { id: dataset.id, name: dataset.name, path: dataset.path },
      task,
      classes,
      counts,
      manifestSha256,
      config,
      ...(start === null ? {} : { start: await copyStart(join(tmp, START), start) }),
    };
    await writeFileAtomic(join(tmp, CONFIG), `${JSON.stringify(description, null, 2)}\n`);
  });
  return { counts, manifestSha256 };
}

/** Copies the adapter, so that its removal does not reach the run. */
async function copyStart(
  folder: string,
  { adapter, rows }: { readonly adapter: Adapter; readonly rows: TrainingStart['rows'] },
): Promise<object> {
  await copyAdapter(adapter.folder, folder);
  const sha256 = await sha256OfFile(join(folder, ADAPTER_WEIGHTS));
  return { adapter: { id: adapter.id, name: adapter.name }, sha256, rows };
}

/**
 * What a run that starts from an adapter starts from, by its `config.json`.
 * @throws not-readable, file-damaged
 */
export async function readStart(folder: string): Promise<TrainingStart> {
  const { start } = await readDescription(folder);
  const found = v.safeParse(startSchema, start);
  if (!found.success)
    throw damaged(join(folder, CONFIG), 'it does not say which adapter the run starts from');
  const { adapter, sha256, rows } = found.output;
  return { adapterDir: join(folder, START), name: adapter.name, sha256, rows };
}

/** @throws file-changed if the file list differs from the run's original one */
export async function checkManifest(folder: string, sha256: string): Promise<void> {
  const path = join(folder, MANIFEST);
  if ((await sha256OfFile(path)) !== sha256)
    throw new KarstError(
      'file-changed',
      `${path} is no longer the file list that the run began with.`,
      {
        hint: 'Train a new run on the dataset.',
        path,
      },
    );
}

/**
 * Records in `config.json` that the run continues from `step` with other settings; the original
 * settings are kept.
 */
export async function recordExtension(
  folder: string,
  extension: { readonly at: string; readonly step: number; readonly config: TrainingConfig },
): Promise<void> {
  const path = join(folder, CONFIG);
  const description = await readDescription(folder);
  const extensions = [...(description.extensions ?? []), extension];
  await writeFileAtomic(path, `${JSON.stringify({ ...description, extensions }, null, 2)}\n`);
}

/** A run's `config.json`, as it is. */
async function readDescription(
  folder: string,
): Promise<{ readonly extensions?: readonly unknown[]; readonly start?: unknown }> {
  const path = join(folder, CONFIG);
  try {
    return JSON.parse(await readTextFile(path)) as object;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw readError(path, error);
    throw damaged(path, error.message, error);
  }
}

function damaged(path: string, why: string, cause?: unknown): KarstError {
  return new KarstError('file-damaged', `${path} is damaged: ${why}.`, {
    hint: 'Train a new run on the dataset.',
    path,
    cause,
  });
}

/** Whether any checkpoint exists; the engine verifies it. */
export async function hasCheckpoints(folder: string): Promise<boolean> {
  const path = join(folder, 'checkpoints');
  try {
    return (await readdir(path)).some((name) => /^step-\d+$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw readError(path, error);
  }
}
