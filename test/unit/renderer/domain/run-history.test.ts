import { describe, expect, it } from 'vitest';
import { RunHistory } from '../../../../renderer/domain/run-history.ts';
import type { MetricRecord } from '../../../../shared/domain/metrics.ts';

function train(step: number, loss = 1 / step, imagesPerSecond = 10): MetricRecord {
  return {
    kind: 'train',
    step,
    epoch: step / 10,
    loss,
    top1: 0.5,
    learningRate: 0.001,
    gradientNorm: 1,
    imagesPerSecond,
    waiting: 0.25,
  };
}

function validation(step: number, top1: number, loss = 1): MetricRecord {
  return { kind: 'validation', step, epoch: step / 10, loss, top1, best: false };
}

function steps(history: RunHistory): [number[], number[]] {
  return [[...history.train.step.view()], [...history.validation.step.view()]];
}

describe('RunHistory', () => {
  it('keeps records in order', () => {
    const history = new RunHistory();
    history.append([train(1), train(2), validation(2, 0.4)]);
    history.append([train(3)]);
    expect(steps(history)).toEqual([[1, 2, 3], [2]]);
    expect(history.lastStep).toBe(3);
    expect([...history.train.loss.view()]).toEqual([1, 1 / 2, 1 / 3]);
  });

  it('takes records that come twice once', () => {
    const history = new RunHistory();
    history.append([train(1), train(2), validation(2, 0.4), train(3)]);
    history.append([train(2), validation(2, 0.4), train(3), train(4)]);
    expect(steps(history)).toEqual([[1, 2, 3, 4], [2]]);
  });

  it('goes back with a run that resumed from a checkpoint', () => {
    const history = new RunHistory();
    history.append([train(1), train(2), train(3), validation(3, 0.9), train(4)]);
    history.append([train(2, 7)]);
    expect(steps(history)).toEqual([[1, 2], []]);
    expect([...history.train.loss.view()]).toEqual([1, 7]);
  });

  it('keeps the training record of a step whose validation comes again', () => {
    const history = new RunHistory();
    history.append([train(1), train(2), validation(2, 0.4)]);
    history.append([validation(2, 0.6)]);
    expect(steps(history)).toEqual([[1, 2], [2]]);
    expect([...history.validation.top1.view()]).toEqual([0.6]);
  });

  it('knows when records between are missing', () => {
    const history = new RunHistory();
    expect(history.misses([])).toBe(false);
    expect(history.misses([train(1)])).toBe(false);
    expect(history.misses([train(2)])).toBe(true);
    history.append([train(1), train(2)]);
    expect(history.misses([train(3)])).toBe(false);
    expect(history.misses([validation(2, 0.5)])).toBe(false);
    expect(history.misses([validation(3, 0.5)])).toBe(true);
    expect(history.misses([train(4)])).toBe(true);
    expect(history.misses([train(1)])).toBe(false);
  });

  it('finds the best validation, the newest that its task found better than all before', () => {
    const history = new RunHistory();
    const best = (step: number, metrics: Record<string, number>): MetricRecord => ({
      ...{ kind: 'validation', step, epoch: step, loss: 1, top1: 0.5, best: true },
      metrics,
    });
    expect(history.best()).toBe(-1);
    expect(history.bestValidation).toBeNull();
    history.append([best(1, { exact: 0.1 }), validation(2, 0.9), best(3, { exact: 0.2 })]);
    history.append([validation(4, 0.8)]);
    expect(history.best()).toBe(2);
    expect(history.bestValidation?.metrics).toEqual({ exact: 0.2 });
    expect(history.lastValidation?.step).toBe(4);
    // Steps repeated after resuming replace the previous records.
    history.append([validation(3, 0.7)]);
    expect(history.best()).toBe(0);
    expect(history.lastValidation?.step).toBe(3);
  });

  it('weighs waiting by time, not by steps', () => {
    const history = new RunHistory();
    expect(history.waiting(2, 1)).toEqual([]);
    const slow = { ...train(1), epoch: 0.5, imagesPerSecond: 1, waiting: 0.9 };
    const quick = { ...train(2), epoch: 1, imagesPerSecond: 9, waiting: 0 };
    history.append([slow, quick]);
    const [only] = history.waiting(2, 1);
    expect(only).toEqual({ epoch: 1, seconds: 1 + 1 / 9, waitedSeconds: 0.9 });
  });

  it('adds up the time of its steps from the images that they saw', () => {
    const history = new RunHistory();
    expect(history.trainingSeconds(100)).toBeNull();
    // Each step covers a tenth of an epoch: ten images.
    history.append([train(1, 1, 5), train(2, 1, 20)]);
    expect(history.trainingSeconds(100)).toBeCloseTo(2 + 0.5, 9);
  });

  it('forgets everything', () => {
    const history = new RunHistory();
    history.append([train(1), validation(1, 1)]);
    history.clear();
    expect(steps(history)).toEqual([[], []]);
    expect(history.lastStep).toBe(0);
  });
});
