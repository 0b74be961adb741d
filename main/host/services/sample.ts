import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackedFolder } from '../../formats/unpacked-folder.ts';
import { TRAINING_DEFAULTS, type TrainingConfig } from '../../../shared/domain/training.ts';

/** The bundled sample: a zip of 1,797 handwritten digits of 8 × 8 pixels in ten class folders. */
export const SAMPLE_ARCHIVE = fileURLToPath(
  new URL('../../assets/sample/digits.zip', import.meta.url),
);
export const SAMPLE_IMAGES = 1797;

/** Name that it has in the library, as a dataset and as a project. */
export const SAMPLE_NAME = 'Handwritten digits';

/** Share of it that is held back for validation. */
export const SAMPLE_VALIDATION = 0.2;

/** What suits the digits: small, quick to learn, and not to be mirrored. */
export const SAMPLE_CONFIG: TrainingConfig = {
  ...TRAINING_DEFAULTS,
  batchSize: 32,
  optimizer: { ...TRAINING_DEFAULTS.optimizer, learningRate: 3e-3 },
  schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 6, warmupEpochs: 1 },
};

/** Whether this installation has the sample. */
export function hasSample(): boolean {
  return existsSync(SAMPLE_ARCHIVE);
}

/**
 * The folder of class folders in a home, unpacked when it is first wanted; what was damaged since is mended.
 * @throws not-found, file-damaged, not-writable
 */
export async function unpackedSample(home: string): Promise<string> {
  const folder = join(home, 'sample', 'digits');
  await unpackedFolder(SAMPLE_ARCHIVE, folder);
  return folder;
}

/** Where earlier versions had the sample, in a checkout or an application. */
const FORMER = join('main', 'assets', 'sample', 'digits');

/**
 * Leads datasets of the sample that were made by earlier versions, whose folder is gone, to the unpacked one.
 * @throws not-found, file-damaged, not-writable
 */
export async function moveFormerSamples(
  datasets: {
    list(): readonly { readonly id: string; readonly path: string }[];
    relocate(id: string, path: string): void;
  },
  home: string,
): Promise<void> {
  const former = datasets.list().filter(({ path }) => path.endsWith(FORMER) && !existsSync(path));
  if (former.length === 0) return;
  const folder = await unpackedSample(home);
  for (const { id } of former) datasets.relocate(id, folder);
}
