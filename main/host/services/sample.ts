import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TRAINING_DEFAULTS, type TrainingConfig } from '../../../shared/domain/training.ts';

/** The bundled sample: 1,797 handwritten digits of 8 × 8 pixels in ten class folders. */
export const SAMPLE_FOLDER = fileURLToPath(new URL('../../assets/sample/digits', import.meta.url));
export const SAMPLE_IMAGES = 1797;

/** Name that it has in the library, as a dataset and as a project. */
export const SAMPLE_NAME = 'Handwritten digits';

/** Share of it that is held back for validation. */
export const SAMPLE_VALIDATION = 0.2;

/** What suits the digits: small, quick to learn, and not to be mirrored. */
export const SAMPLE_CONFIG: TrainingConfig = {
  ...TRAINING_DEFAULTS,
  batchSize: 32,
  optimiser: { ...TRAINING_DEFAULTS.optimiser, learningRate: 3e-3 },
  schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 6, warmupEpochs: 1 },
};

/** Whether this installation has the sample. */
export function hasSample(): boolean {
  return existsSync(SAMPLE_FOLDER);
}
