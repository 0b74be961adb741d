import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { taskNamed } from '../../../main/tasks/registry.ts';
import { taskNames, taskSpec } from '../../../shared/tasks/registry.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { isBetter, metricOf, type Metric } from '../../../shared/tasks/task.ts';

const metrics: readonly Metric[] = [
  { key: 'map', title: 'mAP', better: 'higher', form: 'fraction' },
  { key: 'loss', title: 'loss', better: 'lower', form: 'loss' },
];
const chosen = { metrics, chosenBy: ['map', 'loss'] };
const state = (map: number, loss: number) => ({ loss, top1: 0, metrics: { map } });

describe('the choice of the best state', () => {
  it('goes by the first metric, and where that is equal by the next, each in its direction', () => {
    expect(isBetter(chosen, state(0.1, 9), null)).toBe(true);
    expect(isBetter(chosen, state(0.6, 9), state(0.5, 1))).toBe(true);
    expect(isBetter(chosen, state(0.4, 0), state(0.5, 1))).toBe(false);
    expect(isBetter(chosen, state(0.5, 0.9), state(0.5, 1))).toBe(true);
    expect(isBetter(chosen, state(0.5, 1.1), state(0.5, 1))).toBe(false);
    expect(isBetter(chosen, state(0.5, 1), state(0.5, 1))).toBe(false);
  });

  it('takes what is no number for no improvement', () => {
    expect(isBetter(chosen, state(NaN, 0), state(0.5, 1))).toBe(false);
    expect(isBetter(chosen, state(0.5, NaN), state(0.5, 1))).toBe(false);
  });

  it('tells a metric that was not measured', () => {
    expect(metricOf({ loss: 2, top1: 0.5 }, 'top1')).toBe(0.5);
    expect(() => metricOf({ loss: 2, top1: 0.5 }, 'map')).toThrow('map was not measured');
  });
});

describe('the tasks', () => {
  it('each have computations', () => {
    for (const name of taskNames()) expect(taskNamed(name).spec).toBe(taskSpec(name));
  });

  it('are named where one is asked for that is not there', () => {
    for (const find of [taskSpec, taskNamed])
      expect(() => find('segmentation')).toThrow(
        expect.objectContaining({ code: 'config-invalid', hint: 'Tasks: single-label.' }),
      );
  });
});

describe('single-label classification', () => {
  it('takes the one label of an image for its target', () => {
    expect(v.parse(singleLabel.target, { labels: [3] })).toBe(3);
    for (const labels of [[], [0, 1]])
      expect(() => v.parse(singleLabel.target, { labels })).toThrow(
        `it has ${String(labels.length)} labels where single-label classification takes one`,
      );
  });

  it('answers with the likeliest class, the first of equal ones', () => {
    expect(singleLabel.decide(Float64Array.of(0.2, 0.4, 0.4))).toEqual([1]);
  });
});
