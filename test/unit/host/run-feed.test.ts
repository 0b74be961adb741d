import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RunFeed } from '../../../main/host/scheduler/run-feed.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { EventName } from '../../../shared/contract/window/events.ts';
import type { RunProgress, RunView } from '../../../shared/contract/window/runs.ts';

/** Events about a run sent to windows, and their timing. */
let told: { event: EventName; payload: unknown; at: number }[];
let feed: RunFeed;
let activeSeconds: number | null;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  activeSeconds = null;
  const started = performance.now();
  feed = new RunFeed({
    runId: 'run-1',
    emit: (event, payload) => told.push({ event, payload, at: performance.now() - started }),
    view: () => ({ id: 'run-1', progress: feed.progress }) as RunView,
    activeSeconds: () => activeSeconds,
    sampleSet: ({ epoch }) => ({ epoch, images: [] }),
  });
});
afterEach(() => void vi.useRealTimers());

const of = (event: EventName): unknown[] =>
  told.filter((t) => t.event === event).map((t) => t.payload);
const metric = (step: number): EngineEvent => ({
  type: 'metrics',
  record: {
    kind: 'train',
    step,
    epoch: 1,
    loss: 1,
    top1: 1,
    learningRate: 1,
    gradientNorm: 1,
    imagesPerSecond: 8,
    waiting: 0,
  },
});
const training = (done: number, secondsLeft: number | null = null): EngineEvent => ({
  type: 'progress',
  phase: 'training',
  done,
  total: 100,
  secondsLeft,
});

it('tells at once, then four times a second at most, and loses no record', () => {
  for (let step = 1; step <= 100; step++) {
    feed.engine(metric(step));
    feed.engine(training(step));
    vi.advanceTimersByTime(20);
  }
  feed.end();
  const steps = (of('metrics') as { records: { step: number }[] }[]).flatMap(({ records }) =>
    records.map((r) => r.step),
  );
  expect(steps).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  const beats = [...new Set(told.map((t) => t.at))];
  expect(beats[0]).toBe(0);
  // Two seconds in intervals of a quarter, and the remainder at the end.
  expect(beats).toHaveLength(9);
  expect(beats.slice(1, -1).every((at, i) => at - beats[i]! >= 250)).toBe(true);
  expect(of('metrics')).toHaveLength(9);
});

it('tells the last of what changed, and the run as it is at that moment', () => {
  feed.engine(training(1, 50));
  feed.engine(training(2, 49));
  feed.engine({ type: 'state', state: 'paused' });
  feed.engine({ type: 'samples', record: { step: 1, epoch: 1, images: [] } });
  feed.engine({ type: 'samples', record: { step: 2, epoch: 2, images: [] } });
  feed.engine({ type: 'progress', phase: 'validating', done: 3.4, total: 9, secondsLeft: null });
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(250);
  const progress = {
    phase: 'validating',
    done: 3,
    total: 9,
    secondsLeft: 49,
    imagesPerSecond: null,
    activeSeconds: null,
  };
  expect(of('runProgress').at(-1)).toEqual({ runId: 'run-1', progress });
  expect(of('samples')).toEqual([{ runId: 'run-1', samples: { epoch: 2, images: [] } }]);
  expect(of('run')).toEqual([{ id: 'run-1', progress }]);
  vi.advanceTimersByTime(10_000);
  expect(told).toHaveLength(4);
});

it('tells lines, and the work of the host before there is an engine', () => {
  feed.host({ phase: 'hashing', done: 10, total: 20 });
  const line = { at: '2026-01-01T00:00:00.000Z', level: 'info', message: 'Begun.' } as const;
  feed.log(line);
  feed.log(line);
  vi.advanceTimersByTime(250);
  expect(told.map((t) => t.event)).toEqual(['runProgress', 'log']);
  expect(of('log')).toEqual([{ runId: 'run-1', lines: [line, line] }]);
});

it('has no progress once it has ended, and says nothing more', () => {
  feed.engine(training(1));
  feed.engine(training(2));
  feed.engine({ type: 'ready', device: {} as never });
  feed.end();
  expect(feed.progress).toBeNull();
  expect(told.map((t) => t.event)).toEqual(['runProgress', 'run']);
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(2);
});

it('smooths the speed', () => {
  feed.engine(metric(1));
  const slow = metric(2) as Extract<EngineEvent, { type: 'metrics' }>;
  feed.engine({ ...slow, record: { ...slow.record, imagesPerSecond: 18 } as typeof slow.record });
  feed.engine(training(2));
  expect(feed.progress?.imagesPerSecond).toBeCloseTo(9, 9);
});

it('tells the time of the run while the engine says nothing, unless it stands still', () => {
  feed.engine({ type: 'progress', phase: 'compiling', done: 0, total: 1, secondsLeft: null });
  for (activeSeconds = 1; activeSeconds < 3; activeSeconds++) vi.advanceTimersByTime(1000);
  const times = () =>
    (of('runProgress') as { progress: RunProgress }[]).map((p) => p.progress.activeSeconds);
  expect(times()).toEqual([null, 1, 2]);
  activeSeconds = 2;
  vi.advanceTimersByTime(60_000);
  expect(times()).toHaveLength(3);
  feed.end();
  activeSeconds = 9;
  vi.advanceTimersByTime(60_000);
  expect(times()).toHaveLength(3);
});

it('keeps the time left of features and steps through phases that have none', () => {
  const left = (phase: 'features' | 'validating', secondsLeft: number | null): number | null => {
    feed.engine({ type: 'progress', phase, done: 1, total: 9, secondsLeft });
    return feed.progress!.secondsLeft;
  };
  expect(left('features', 540)).toBe(540);
  expect(left('validating', null)).toBe(540);
});
