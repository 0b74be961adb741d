// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import { setBridge } from '../../../../renderer/bridge/index.ts';
import { runShare, useRuns } from '../../../../renderer/stores/runs.ts';
import type { RunView } from '../../../../shared/contract/window/runs.ts';
import { FakeBridge } from '../fake-bridge.ts';
import { runView } from '../runs.ts';

let bridge: FakeBridge;
let host: RunView[];

beforeEach(() => {
  setActivePinia(createPinia());
  host = [runView({ id: 'a' }), runView({ id: 'b', state: 'queued', queuePosition: 0 })];
  bridge = new FakeBridge({
    'runs.list': () => [...host],
    'runs.get': ({ id }) => host.find((run) => run.id === id) ?? runView({ id, name: 'elsewhere' }),
    'runs.pause': ({ id }) => runView({ id, state: 'paused' }),
    'runs.remove': () => ({}),
    'runs.move': () => [
      runView({ id: 'c', state: 'queued', queuePosition: 0 }),
      runView({ id: 'b', state: 'queued', queuePosition: 1 }),
    ],
    'runs.create': ({ name }) => runView({ id: 'new', name: name ?? 'made', state: 'queued' }),
  });
  setBridge(bridge);
});

describe('the runs', () => {
  it('are asked for once, and know what runs and what waits', async () => {
    const runs = useRuns();
    await Promise.all([runs.ensure(), runs.ensure()]);
    expect(bridge.inputsOf('runs.list')).toHaveLength(1);
    expect(runs.running?.id).toBe('a');
    expect(runs.queue.map(({ id }) => id)).toEqual(['b']);
  });

  it('follow events: new ones, changes, progress', async () => {
    const runs = useRuns();
    await runs.ensure();
    bridge.emit('run', runView({ id: 'c', state: 'queued', queuePosition: 1 }));
    bridge.emit('run', runView({ id: 'b', state: 'queued', queuePosition: 2 }));
    expect(runs.queue.map(({ id }) => id)).toEqual(['c', 'b']);
    const progress = {
      phase: 'training',
      done: 30,
      total: 60,
      secondsLeft: 12,
      imagesPerSecond: 5,
      activeSeconds: 9,
    };
    bridge.emit('runProgress', { runId: 'a', progress });
    bridge.emit('runProgress', { runId: 'unknown', progress });
    expect(runs.byId.get('a')?.progress).toEqual(progress);
    expect(runs.byId.has('unknown')).toBe(false);
  });

  it('have a place in the queue that follows when a run before them begins', async () => {
    const runs = useRuns();
    await runs.ensure();
    bridge.emit('run', runView({ id: 'c', state: 'queued', queuePosition: 1 }));
    expect([runs.placeOf('b'), runs.placeOf('c'), runs.placeOf('a')]).toEqual([0, 1, null]);
    bridge.emit('run', runView({ id: 'b', state: 'running' }));
    expect([runs.placeOf('b'), runs.placeOf('c')]).toEqual([null, 0]);
  });

  it('tell of an end once, and only of runs that were running', async () => {
    const runs = useRuns();
    await runs.ensure();
    const ended: string[] = [];
    runs.onEnded((run) => ended.push(`${run.id} ${run.state}`));
    const endedAt = '2026-11-22T11:00:00.000Z';
    bridge.emit('run', runView({ id: 'a', state: 'done', endedAt }));
    bridge.emit('run', runView({ id: 'a', state: 'done', endedAt, name: 'renamed' }));
    bridge.emit('run', runView({ id: 'b', state: 'interrupted', endedAt }));
    expect(ended).toEqual(['a done']);
  });

  it('are asked for again after the connection was lost', async () => {
    const runs = useRuns();
    await runs.ensure();
    bridge.become('lost');
    host = [runView({ id: 'z', state: 'done' })];
    bridge.become('open');
    await runs.reload();
    expect(runs.items.map(({ id }) => id)).toEqual(['z']);
  });

  it('take the answers to what is done with them', async () => {
    const runs = useRuns();
    await runs.ensure();
    await runs.pause('a');
    expect(runs.running).toBeNull();
    expect(runs.paused?.id).toBe('a');
    await runs.move('b', null);
    expect(runs.queue.map(({ id }) => id)).toEqual(['c', 'b']);
    await runs.remove('c');
    expect(runs.byId.has('c')).toBe(false);
    const { TRAINING_DEFAULTS: config } = await import('../../../../shared/domain/training.ts');
    await runs.create({ backboneId: 'x', datasetId: 'y', projectId: null, name: 'mine', config });
    expect(runs.byId.get('new')?.name).toBe('mine');
    expect((await runs.get('far')).name).toBe('elsewhere');
    expect(runs.byId.has('far')).toBe(true);
    await runs.get('a');
    expect(bridge.inputsOf('runs.get')).toEqual([{ id: 'far' }]);
  });
});

describe('how far a run is', () => {
  const times = { secondsLeft: 1, imagesPerSecond: 1, activeSeconds: 1 };
  const progress = { phase: 'training', done: 45, total: 60, ...times };

  it('follows its progress while it trains, and its steps otherwise', () => {
    expect(runShare(runView({ step: 30, totalSteps: 60 }))).toBe(0.5);
    expect(runShare(runView({ step: 30, totalSteps: 60, progress }))).toBe(0.75);
    const validating = { ...progress, phase: 'validating', done: 9, total: 10 };
    expect(runShare(runView({ step: 30, totalSteps: 60, progress: validating }))).toBe(0.5);
    expect(runShare(runView({ totalSteps: 0 }))).toBe(0);
    expect(runShare(runView({ step: 70, totalSteps: 60 }))).toBe(1);
  });
});
