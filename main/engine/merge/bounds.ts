import type { MergeJob } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Verification } from '../../../shared/domain/metrics.ts';

/** Accuracy that a written model may lose without being asked about, as a fraction of the images. */
const LOSS_ALLOWED = 0.01;

const NOTHING_WRITTEN = 'Nothing was written; the adapter itself is unchanged.';

/**
 * Refuses a written model that differs too much from the adapted one.
 * @throws KarstError dataset-unusable, verification-failed, accuracy-loss
 */
export function requireClose(
  job: Pick<MergeJob, 'out' | 'acceptLoss'>,
  { images, maxAbsDiff, tolerance, of, accuracy }: Verification,
): void {
  if (images === 0)
    throw new KarstError(
      'dataset-unusable',
      'None of the images to verify the merged model on can be read.',
      { hint: 'Check the dataset with "karst dataset check".' },
    );
  if (!(maxAbsDiff <= tolerance))
    throw new KarstError(
      'verification-failed',
      `The merged model's ${of ?? 'logits'} differ from the adapted model's by up to ${maxAbsDiff.toExponential(2)}, more than ${tolerance.toExponential(2)}.`,
      { hint: NOTHING_WRITTEN, path: job.out },
    );
  if (accuracy === undefined || job.acceptLoss) return;
  const { adapted, exported } = accuracy;
  if (adapted - exported > LOSS_ALLOWED)
    throw new KarstError(
      'accuracy-loss',
      `The written model predicts ${percent(exported)} of ${String(images)} images right, the adapter ${percent(adapted)}.`,
      { hint: 'Nothing was written; export it in float16, or confirm the loss.', option: '--yes' },
    );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
