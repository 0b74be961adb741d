import { describe, expect, it } from 'vitest';
import { describeWaiting } from '../../../main/cli/describe/run.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { summariseWaiting, waitingByEpoch, waitingShare } from '../../../shared/domain/waiting.ts';

/** A step of `images` images that took `seconds`. */
function step(
  step: number,
  epoch: number,
  images: number,
  seconds: number,
  waiting: number,
): MetricRecord {
  const figures = { loss: 1, top1: 0, learningRate: 0.1, gradientNorm: 1 };
  return { kind: 'train', step, epoch, ...figures, imagesPerSecond: images / seconds, waiting };
}

// Ten images in batches of four: each epoch is 4 + 4 + 2.
const first = [step(1, 1 / 3, 4, 2, 0.5), step(2, 2 / 3, 4, 1, 0.25), step(3, 1, 2, 1, 0.5)];
const second = [step(4, 4 / 3, 4, 1, 0), step(5, 5 / 3, 4, 1, 0.125), step(6, 2, 2, 0.5, 0)];
const validation: MetricRecord = {
  kind: 'validation',
  ...{ step: 3, epoch: 1, loss: 1, top1: 0, best: true },
};

describe('waiting for images', () => {
  it('is told by epoch, in seconds, the smaller last batch as what it is', () => {
    const epochs = waitingByEpoch([...first, validation, ...second], 10, 4);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(epochs[0]!.seconds).toBeCloseTo(4, 9);
    expect(epochs[0]!.waitedSeconds).toBeCloseTo(1.75, 9);
    expect(epochs[1]!.seconds).toBeCloseTo(2.5, 9);
    expect(epochs[1]!.waitedSeconds).toBeCloseTo(0.125, 9);
  });

  it('takes several batches a step, and an epoch that is under way', () => {
    const records = [step(1, 2 / 3, 8, 2, 0.5), step(2, 1, 2, 1, 0), step(3, 5 / 3, 8, 4, 0.25)];
    expect(waitingByEpoch(records, 10, 4)).toEqual([
      { epoch: 1, seconds: 3, waitedSeconds: 1 },
      { epoch: 2, seconds: 4, waitedSeconds: 1 },
    ]);
  });

  it('leaves out steps of images that could not be read at all', () => {
    const [epoch] = waitingByEpoch([step(1, 1 / 3, 0, 2, 0.5), ...first.slice(1)], 10, 4);
    expect(epoch!.seconds).toBeCloseTo(2, 9);
  });

  it('sets the first epoch apart from those after it', () => {
    expect(summariseWaiting([])).toBeNull();
    const epochs = waitingByEpoch([...first, ...second, step(7, 7 / 3, 4, 1, 1)], 10, 4);
    const { first: one, later } = summariseWaiting(epochs)!;
    expect(waitingShare(one)).toBeCloseTo(1.75 / 4, 9);
    expect(waitingShare(later!)).toBeCloseTo(1.125 / 3.5, 9);
    expect(summariseWaiting(epochs.slice(0, 1))!.later).toBeNull();
    expect(waitingShare({ seconds: 0, waitedSeconds: 0 })).toBe(0);
  });

  it('is put in words for the command line', () => {
    const epochs = waitingByEpoch([...first, ...second], 10, 4);
    expect(describeWaiting([])).toBe('');
    expect(describeWaiting(epochs.slice(0, 1))).toBe(
      '1.8 s (43.8 %) for images in the first epoch',
    );
    expect(describeWaiting(epochs)).toBe(
      '1.8 s (43.8 %) for images in the first epoch, 0.1 s (5.0 %) after it',
    );
  });
});
