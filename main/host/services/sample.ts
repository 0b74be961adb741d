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

/** Its name in the library, as a dataset and as a project. */
export const SAMPLE_NAME = 'Handwritten digits';

/** Fraction held out for validation. */
export const SAMPLE_VALIDATION = 0.2;

/** Settings for the digits: small, fast to learn, without horizontal flips. */
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
 * The sample's folder of class folders in a home, unpacked on first use and repaired if damaged.
 * @throws not-found, file-damaged, not-writable
 */
export async function unpackedSample(home: string): Promise<string> {
  const folder = join(home, 'sample', 'digits');
  await unpackedFolder(SAMPLE_ARCHIVE, folder);
  return folder;
}

/** Locations of the sample in earlier versions. */
const FORMER = join('main', 'assets', 'sample', 'digits');

/**
 * Relocates datasets of the sample made by earlier versions, whose folder is missing, to the
 * unpacked one.
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
