import type { MeasuredEpoch } from '../../../shared/contract/window/backbone-sources.ts';
import type { Backbone, Run } from '../../../shared/domain/library.ts';
import { nearSize } from '../../../shared/models/registry.ts';

/** Of each backbone, what the newest finished run took an epoch. */
export function measuredEpochs(
  runs: readonly Run[],
  backbones: readonly Backbone[],
): MeasuredEpoch[] {
  const ended = runs
    .filter(({ state, epoch }) => state === 'done' && epoch >= 1)
    .toSorted((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''));
  return backbones.flatMap(({ id: backboneId, architecture, preprocessing }) => {
    const run = ended.find((one) => one.backboneId === backboneId && one.activeSeconds !== null);
    if (run === undefined) return [];
    const { method, counts, config, epoch } = run;
    const { imageSize } = nearSize(architecture, config.imageSize || preprocessing.imageSize);
    return [
      {
        backboneId,
        method,
        images: counts.train,
        imageSize,
        seconds: (run.activeSeconds ?? 0) / epoch,
      },
    ];
  });
}
