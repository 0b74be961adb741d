import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackboneReference } from '../../../../shared/contract/engine/jobs.ts';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Dataset } from '../../../../shared/domain/library.ts';
import type { TrainingConfig } from '../../../../shared/domain/training.ts';
import {
  readError,
  readTextFile,
  sha256OfFile,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../../formats/files.ts';
import type { StoredImage } from '../../store/images.ts';
import { MANIFEST, manifestImages, writeManifest } from '../manifest.ts';

const CONFIG = 'config.json';

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
  },
): Promise<{ counts: Record<Split, number>; manifestSha256: string }> {
  let counts: Record<Split, number> = { train: 0, val: 0, test: 0 };
  let manifestSha256 = '';
  await writeFolderAtomic(folder, async (tmp) => {
    const manifest = join(tmp, MANIFEST);
    counts = await writeManifest(manifest, manifestImages(content.images, content.labels));
    manifestSha256 = await sha256OfFile(manifest);
    const { id, name, createdAt, backbone, dataset, task, classes, config } = content;
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
    };
    await writeFileAtomic(join(tmp, CONFIG), `${JSON.stringify(description, null, 2)}\n`);
  });
  return { counts, manifestSha256 };
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
  let description: { extensions?: unknown[] };
  try {
    description = JSON.parse(await readTextFile(path)) as typeof description;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw readError(path, error);
    throw new KarstError('file-damaged', `${path} is damaged: ${error.message}.`, {
      hint: 'Train a new run on the dataset.',
      path,
      cause: error,
    });
  }
  const extensions = [...(description.extensions ?? []), extension];
  await writeFileAtomic(path, `${JSON.stringify({ ...description, extensions }, null, 2)}\n`);
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
