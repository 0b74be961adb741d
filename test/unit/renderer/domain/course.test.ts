import { describe, expect, it } from 'vitest';
import { Course } from '../../../../renderer/domain/course.ts';
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

function steps(course: Course): [number[], number[]] {
  return [[...course.train.step.view()], [...course.validation.step.view()]];
}

describe('Course', () => {
  it('keeps records in order', () => {
    const course = new Course();
    course.append([train(1), train(2), validation(2, 0.4)]);
    course.append([train(3)]);
    expect(steps(course)).toEqual([[1, 2, 3], [2]]);
    expect(course.lastStep).toBe(3);
    expect([...course.train.loss.view()]).toEqual([1, 1 / 2, 1 / 3]);
  });

  it('takes records that come twice once', () => {
    const course = new Course();
    course.append([train(1), train(2), validation(2, 0.4), train(3)]);
    course.append([train(2), validation(2, 0.4), train(3), train(4)]);
    expect(steps(course)).toEqual([[1, 2, 3, 4], [2]]);
  });

  it('goes back with a run that resumed from a checkpoint', () => {
    const course = new Course();
    course.append([train(1), train(2), train(3), validation(3, 0.9), train(4)]);
    course.append([train(2, 7)]);
    expect(steps(course)).toEqual([[1, 2], []]);
    expect([...course.train.loss.view()]).toEqual([1, 7]);
  });

  it('keeps the training record of a step whose validation comes again', () => {
    const course = new Course();
    course.append([train(1), train(2), validation(2, 0.4)]);
    course.append([validation(2, 0.6)]);
    expect(steps(course)).toEqual([[1, 2], [2]]);
    expect([...course.validation.top1.view()]).toEqual([0.6]);
  });

  it('knows when records between are missing', () => {
    const course = new Course();
    expect(course.misses([])).toBe(false);
    expect(course.misses([train(1)])).toBe(false);
    expect(course.misses([train(2)])).toBe(true);
    course.append([train(1), train(2)]);
    expect(course.misses([train(3)])).toBe(false);
    expect(course.misses([validation(2, 0.5)])).toBe(false);
    expect(course.misses([validation(3, 0.5)])).toBe(true);
    expect(course.misses([train(4)])).toBe(true);
    expect(course.misses([train(1)])).toBe(false);
  });

  it('finds the best validation: the most accurate, then the one with the lowest loss, then the first', () => {
    const course = new Course();
    expect(course.best()).toBe(-1);
    course.append([validation(1, 0.5, 1), validation(2, 0.8, 0.9), validation(3, 0.8, 0.7)]);
    expect(course.best()).toBe(2);
    course.append([validation(4, 0.8, 0.7), validation(5, 0.7, 0.1)]);
    expect(course.best()).toBe(2);
  });

  it('weighs waiting by time, not by steps', () => {
    const course = new Course();
    expect(course.waiting(2, 1)).toEqual([]);
    const slow = { ...train(1), epoch: 0.5, imagesPerSecond: 1, waiting: 0.9 };
    const quick = { ...train(2), epoch: 1, imagesPerSecond: 9, waiting: 0 };
    course.append([slow, quick]);
    const [only] = course.waiting(2, 1);
    expect(only).toEqual({ epoch: 1, seconds: 1 + 1 / 9, waitedSeconds: 0.9 });
  });

  it('adds up the time of its steps from the images that they saw', () => {
    const course = new Course();
    expect(course.trainingSeconds(100)).toBeNull();
    // Each step is a tenth of an epoch: ten images.
    course.append([train(1, 1, 5), train(2, 1, 20)]);
    expect(course.trainingSeconds(100)).toBeCloseTo(2 + 0.5, 9);
  });

  it('forgets everything', () => {
    const course = new Course();
    course.append([train(1), validation(1, 1)]);
    course.clear();
    expect(steps(course)).toEqual([[], []]);
    expect(course.lastStep).toBe(0);
  });
});
