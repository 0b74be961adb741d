import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RunSession } from '../../../main/host/services/runs/run-session.ts';
import type { RunLog } from '../../../main/host/services/runs/run-log.ts';
import type { MetricRepository } from '../../../main/host/store/metrics.ts';
import type { RunProgress, RunRepository } from '../../../main/host/store/runs.ts';

/** What the library has of the run. */
let stored: RunProgress;
let writes: number;
beforeEach(() => {
  vi.useFakeTimers();
  stored = {};
  writes = 0;
});
afterEach(() => void vi.useRealTimers());

function session(activeSeconds: number | null): RunSession {
  const runs = {
    requested: () => null,
    progress: (_id: string, progress: RunProgress) => {
      stored = { ...stored, ...progress };
      writes++;
    },
  } as unknown as RunRepository;
  const log = { engine: () => undefined, write: () => undefined } as unknown as RunLog;
  const metrics = {} as unknown as MetricRepository;
  const one = new RunSession({ id: 'run-1', activeSeconds }, { runs, metrics }, log, (work) =>
    work(),
  );
  one.start(
    () => undefined,
    (error) => {
      throw error;
    },
  );
  return one;
}

it('counts the time of its engine from the start, while the engine says nothing too', () => {
  const one = session(0);
  vi.advanceTimersByTime(60_500);
  expect(one.activeSeconds).toBe(60.5);
  // What a crash would lose.
  expect(stored.activeSeconds).toBeGreaterThanOrEqual(57);
  expect(writes).toBeLessThanOrEqual(20);
  one.end();
  vi.advanceTimersByTime(5000);
  one.flush();
  expect(stored.activeSeconds).toBe(60.5);
});

it('stands still while paused', () => {
  const one = session(0);
  vi.advanceTimersByTime(10_000);
  one.receive({ type: 'state', state: 'paused' });
  expect(stored.activeSeconds).toBe(10);
  vi.advanceTimersByTime(600_000);
  one.receive({ type: 'state', state: 'running' });
  vi.advanceTimersByTime(4000);
  one.end();
  one.flush();
  expect(stored.activeSeconds).toBe(14);
});

it('ends while paused without counting the pause', () => {
  const one = session(0);
  vi.advanceTimersByTime(2000);
  one.receive({ type: 'state', state: 'paused' });
  vi.advanceTimersByTime(2000);
  one.end();
  one.flush();
  expect(stored.activeSeconds).toBe(2);
});

it('adds to the earlier sessions', () => {
  const one = session(100);
  vi.advanceTimersByTime(1000);
  one.end();
  one.flush();
  expect(stored.activeSeconds).toBe(101);
});

it('does not call a part the whole, where the earlier sessions were not counted', () => {
  const one = session(null);
  vi.advanceTimersByTime(60_000);
  expect(one.activeSeconds).toBeNull();
  one.end();
  one.flush();
  expect(stored).not.toHaveProperty('activeSeconds');
});
