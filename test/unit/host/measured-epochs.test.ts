import { expect, it } from 'vitest';
import { measuredEpochs } from '../../../main/host/services/measured-epochs.ts';
import type { Backbone, Run } from '../../../shared/domain/library.ts';
import { ARCHITECTURE, PREPROCESSING } from './support.ts';

const backbone = {
  ...{ id: 'bb-1', architecture: ARCHITECTURE, preprocessing: PREPROCESSING },
} as Backbone;
const run = (values: Partial<Run>): Run =>
  ({
    ...{ state: 'done', epoch: 4, activeSeconds: 40, backboneId: 'bb-1', method: 'karst' },
    counts: { train: 100, val: 10, test: 0 },
    config: { imageSize: 0 },
    endedAt: '2026-01-01T00:00:00.000Z',
    ...values,
  }) as Run;

it('is that of the newest finished run whose time was counted', () => {
  const runs = [
    run({ activeSeconds: 80, endedAt: '2026-01-02T00:00:00.000Z', method: 'lora' }),
    run({}),
    run({ state: 'failed', activeSeconds: 1, endedAt: '2026-01-03T00:00:00.000Z' }),
    run({ activeSeconds: null, endedAt: '2026-01-04T00:00:00.000Z' }),
    run({ backboneId: 'bb-2', endedAt: '2026-01-05T00:00:00.000Z' }),
  ];
  expect(measuredEpochs(runs, [backbone])).toEqual([
    {
      ...{ backboneId: 'bb-1', method: 'lora', images: 100, seconds: 20 },
      imageSize: PREPROCESSING.imageSize,
    },
  ]);
  expect(measuredEpochs([], [backbone])).toEqual([]);
});
