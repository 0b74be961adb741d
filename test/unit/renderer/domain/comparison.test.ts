// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import {
  bestPlaces,
  resultOf,
  resultRows,
  settingRows,
} from '../../../../renderer/views/compare/comparison.ts';
import { RunHistory } from '../../../../renderer/domain/run-history.ts';
import { listed, NO_FILTER } from '../../../../renderer/views/runs/run-list.ts';
import { abilitiesOf, durationOf, shownState } from '../../../../renderer/domain/run-state.ts';
import { runView } from '../runs.ts';
import { completeConfig } from '../../../../shared/training/config.ts';

describe('a comparison', () => {
  it('tells what differs and nothing else', () => {
    const first = runView({ id: 'a', config: completeConfig({ karst: { rank: 4 } }) });
    const second = runView({
      id: 'b',
      datasetName: 'letters',
      config: completeConfig({ method: 'linear', batchSize: 8 }),
    });
    const rows = settingRows([first, second]);
    expect(rows.map(({ name, values }) => [name, ...values])).toEqual([
      ['Dataset', 'digits', 'letters'],
      ['Method', 'KARST', 'Linear probe'],
      ['Batch size', '32', '8'],
      ['Rank', '4', '–'],
    ]);
    expect(settingRows([first, { ...first, id: 'c' }])).toEqual([]);
  });

  it('marks the best of a row unless all are the same', () => {
    expect(bestPlaces([0.5, 0.9, 0.9, null], 'more')).toEqual([1, 2]);
    expect(bestPlaces([3, 1, 2], 'less')).toEqual([1]);
    expect(bestPlaces([3, 3], 'less')).toEqual([]);
    expect(bestPlaces([3, null], 'less')).toEqual([]);
    expect(bestPlaces([null, null], 'more')).toEqual([]);
  });

  it('takes figures from the history where there is one', () => {
    const history = new RunHistory();
    history.append([
      {
        kind: 'train',
        step: 5,
        epoch: 0.5,
        loss: 1,
        top1: 0.2,
        learningRate: 0.1,
        gradientNorm: 1,
        imagesPerSecond: 4,
        waiting: 0,
      },
      { kind: 'validation', step: 5, epoch: 0.5, loss: 0.7, top1: 0.6, best: true },
    ]);
    const followed = resultOf(runView({ activeSeconds: 674.2 }), history);
    const bare = resultOf(
      runView({ state: 'queued', bestTop1: 0.5, step: 0, startedAt: null }),
      new RunHistory(),
    );
    expect(followed).toMatchObject({ top1: 0.6, loss: 0.7, epoch: 0.5, steps: 10 });
    // Not the ten seconds of its steps, which the speed is of.
    expect(followed).toMatchObject({ seconds: 674, imagesPerSecond: 4 });
    expect(bare).toMatchObject({ top1: 0.5, epoch: null, steps: 0, seconds: null });
    const [states, best] = resultRows([followed, bare]);
    expect(states?.values).toEqual(['Running', 'Queued']);
    expect(best).toMatchObject({ values: ['60.0 %', '50.0 %'], best: [0] });
  });
});

describe('the list of runs', () => {
  const runs = [
    runView({ id: 'old', state: 'done', createdAt: '2026-11-20T00:00:00.000Z', projectId: 'p' }),
    runView({ id: 'new', state: 'failed', createdAt: '2026-11-21T00:00:00.000Z' }),
    runView({ id: 'second', state: 'queued', queuePosition: 1 }),
    runView({ id: 'first', state: 'interrupted', queuePosition: 0 }),
    runView({ id: 'now', state: 'running', createdAt: '2026-11-01T00:00:00.000Z' }),
  ];

  it('begins with what trains, then the queue in its order, then the newest', () => {
    expect(listed(runs, NO_FILTER).map(({ id }) => id)).toEqual([
      'now',
      'first',
      'second',
      'new',
      'old',
    ]);
  });

  it('is narrowed by project and by the state that is shown', () => {
    expect(listed(runs, { project: 'p', state: 'all' }).map(({ id }) => id)).toEqual(['old']);
    expect(listed(runs, { project: 'none', state: 'failed' }).map(({ id }) => id)).toEqual(['new']);
    const waiting = listed(runs, { project: 'all', state: 'queued' }).map(({ id }) => id);
    expect(waiting).toEqual(['first', 'second']);
    expect(listed(runs, { project: 'all', state: 'interrupted' })).toEqual([]);
  });
});

describe('a run', () => {
  it('can be steered as its state allows', () => {
    const can = (values: Parameters<typeof runView>[0]) =>
      Object.entries(abilitiesOf(runView(values)))
        .filter(([, yes]) => yes)
        .map(([name]) => name);
    expect(can({ state: 'running' })).toEqual(['pause', 'stop']);
    expect(can({ state: 'paused' })).toEqual(['resume', 'stop']);
    expect(can({ state: 'queued', queuePosition: 0 })).toEqual(['dequeue', 'remove']);
    expect(can({ state: 'interrupted' })).toEqual(['resume', 'remove']);
    expect(can({ state: 'failed' })).toEqual(['resume', 'remove']);
    expect(can({ state: 'done' })).toEqual(['extend', 'remove']);
    expect(can({ state: 'done', queuePosition: 2 })).toEqual(['dequeue', 'remove']);
    expect(shownState(runView({ state: 'done', queuePosition: 2 }))).toBe('queued');
  });

  it('lasts as long as its engines worked, as told last', () => {
    const progress = {
      ...{ phase: 'training', done: 1, total: 2, secondsLeft: null, imagesPerSecond: null },
      activeSeconds: 20.4,
    };
    expect(durationOf(runView({ activeSeconds: 12.6 }))).toBe(13);
    expect(durationOf(runView({ activeSeconds: 12.6, progress }))).toBe(20);
    expect(durationOf(runView({ activeSeconds: null }))).toBeNull();
    expect(durationOf(runView({ activeSeconds: 0, startedAt: null }))).toBeNull();
  });
});
