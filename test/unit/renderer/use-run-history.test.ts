// @vitest-environment happy-dom
import { effectScope } from 'vue';
import { afterEach, describe, expect, it } from 'vitest';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { useRunHistory, type FollowedRun } from '../../../renderer/composables/use-run-history.ts';
import type { LogLine, SampleSet } from '../../../shared/contract/window/runs.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { FakeBridge, type Answers } from './fake-bridge.ts';
import { runView } from './runs.ts';
import { eventually } from '../../fixtures/eventually.ts';

function train(step: number): MetricRecord {
  return {
    kind: 'train',
    step,
    epoch: step / 10,
    loss: 1 / step,
    top1: 0,
    learningRate: 0.1,
    gradientNorm: 1,
    imagesPerSecond: 5,
    waiting: 0,
  };
}

function validation(step: number): MetricRecord {
  return { kind: 'validation', step, epoch: step / 10, loss: 1, top1: 0.5, best: true };
}

function set(epoch: number, truth = 'a'): SampleSet {
  return { epoch, images: [{ media: 'f.1', truth, predictions: [] }] };
}

function line(message: string): LogLine {
  return { at: '2026-11-22T10:00:00.000Z', level: 'info', message };
}

/** A host that serves the given records, samples and log lines. */
class History {
  metrics: MetricRecord[] = [];
  samples: SampleSet[] = [];
  log: LogLine[] = [];

  readonly answers: Answers = {
    'runs.metrics': ({ afterStep, limit = Infinity }) => {
      const after = this.metrics.filter(({ step }) => step > afterStep);
      const last = after[limit - 1]?.step ?? Infinity;
      return after.filter(({ step }) => step <= last);
    },
    'runs.samples': () => [...this.samples],
    'runs.log': () => [...this.log],
    'runs.get': () => runView({ id: 'r1', step: Math.max(0, ...this.metrics.map((m) => m.step)) }),
  };
}

const scopes: ReturnType<typeof effectScope>[] = [];

function open(
  history: History,
  answers: Answers = history.answers,
): { bridge: FakeBridge; run: FollowedRun } {
  const bridge = new FakeBridge(answers);
  setBridge(bridge);
  const scope = effectScope();
  scopes.push(scope);
  return { bridge, run: scope.run(() => useRunHistory('r1'))! };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

const steps = (run: FollowedRun): number[] => [...run.history.train.step.view()];

afterEach(() => {
  for (const scope of scopes.splice(0)) scope.stop();
});

describe('the history of a run', () => {
  it('has the whole history, and what follows', async () => {
    const history = new History();
    history.metrics = [train(1), train(2), validation(2)];
    history.samples = [set(0.2)];
    history.log = [line('one')];
    const { bridge, run } = open(history);
    expect(run.loaded.value).toBe(false);
    await settled();
    expect(run.loaded.value).toBe(true);
    expect(bridge.inputsOf('runs.metrics').map(({ afterStep }) => afterStep)).toEqual([0]);
    bridge.emit('metrics', { runId: 'r1', records: [train(3)] });
    bridge.emit('metrics', { runId: 'other', records: [train(99)] });
    bridge.emit('samples', { runId: 'r1', samples: set(0.3) });
    bridge.emit('log', { runId: 'r1', lines: [line('two')] });
    expect(steps(run)).toEqual([1, 2, 3]);
    expect(run.samples.value.map(({ epoch }) => epoch)).toEqual([0.2, 0.3]);
    expect(run.log.value.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  it('keeps what comes before the answer, in order and once', async () => {
    const history = new History();
    history.metrics = [train(1), train(2)];
    history.log = [line('one'), line('two')];
    const { bridge, run } = open(history);
    bridge.emit('metrics', { runId: 'r1', records: [train(2), train(3)] });
    bridge.emit('samples', { runId: 'r1', samples: set(0.3) });
    bridge.emit('log', { runId: 'r1', lines: [line('two'), line('three')] });
    expect(steps(run)).toEqual([]);
    await settled();
    expect(steps(run)).toEqual([1, 2, 3]);
    expect(run.samples.value).toHaveLength(1);
    expect(run.log.value.map(({ message }) => message)).toEqual(['one', 'two', 'three']);
  });

  it('comes in pages when it is long, and what comes meanwhile follows', async () => {
    const history = new History();
    history.metrics = Array.from({ length: 5000 }, (_, i) => train(i + 1));
    // A validation at a page boundary, with the same step as the page's last training record.
    history.metrics.splice(2000, 0, validation(2000));
    const { bridge, run } = open(history);
    bridge.emit('metrics', { runId: 'r1', records: [train(5001)] });
    await eventually(() => {
      expect(run.loaded.value).toBe(true);
    });
    const asked = bridge.inputsOf('runs.metrics').map(({ afterStep }) => afterStep);
    expect(asked).toEqual([0, 2000, 4000]);
    expect(steps(run)).toEqual(Array.from({ length: 5001 }, (_, i) => i + 1));
    expect([...run.history.validation.step.view()]).toEqual([2000]);
  });

  it('takes nothing more once its view has gone, however much is left', async () => {
    const history = new History();
    history.metrics = Array.from({ length: 5000 }, (_, i) => train(i + 1));
    const { bridge, run } = open(history);
    scopes.splice(0).forEach((scope) => scope.stop());
    await settled();
    await settled();
    expect(steps(run)).toEqual([]);
    expect(bridge.inputsOf('runs.metrics')).toHaveLength(1);
  });

  it('asks for what was left out', async () => {
    const history = new History();
    history.metrics = [train(1), train(2)];
    const { bridge, run } = open(history);
    await settled();
    history.metrics.push(train(3), train(4), train(5));
    bridge.emit('metrics', { runId: 'r1', records: [train(5)] });
    await settled();
    expect(bridge.inputsOf('runs.metrics').map(({ afterStep }) => afterStep)).toEqual([0, 1]);
    expect(steps(run)).toEqual([1, 2, 3, 4, 5]);
  });

  it('fills the gap after the connection was lost, with the validation of the last step', async () => {
    const history = new History();
    history.metrics = [train(1), train(2)];
    const { bridge, run } = open(history);
    await settled();
    bridge.become('lost');
    history.metrics.push(validation(2), train(3));
    bridge.become('open');
    await settled();
    await settled();
    expect(steps(run)).toEqual([1, 2, 3]);
    expect([...run.history.validation.step.view()]).toEqual([2]);
  });

  it('begins anew when the run has gone back while the connection was lost', async () => {
    const history = new History();
    history.metrics = [train(1), train(2), train(3), validation(3)];
    const { bridge, run } = open(history);
    await settled();
    bridge.become('lost');
    history.metrics = [train(1), train(2)];
    bridge.become('open');
    await settled();
    await settled();
    expect(steps(run)).toEqual([1, 2]);
    expect(run.history.validation.step.length).toBe(0);
  });

  it('forgets the answers of epochs that a resumed run goes over again', async () => {
    const history = new History();
    history.samples = [set(1), set(2), set(3)];
    const { bridge, run } = open(history);
    await settled();
    bridge.emit('samples', { runId: 'r1', samples: set(2, 'b') });
    expect(run.samples.value).toEqual([set(1), set(2, 'b')]);
  });

  it('says why nothing came, and takes what comes after all', async () => {
    const history = new History();
    const { 'runs.log': log, ...others } = history.answers;
    const { bridge, run } = open(history, others);
    await settled();
    expect(run.error.value?.code).toBe('not-available');
    expect(run.loaded.value).toBe(false);
    Object.assign(bridge.answers, { 'runs.log': log });
    history.metrics = [train(1)];
    await run.reload();
    expect(run.error.value).toBeNull();
    expect(steps(run)).toEqual([1]);
  });

  it('hears nothing more once its view has gone', async () => {
    const history = new History();
    const { bridge, run } = open(history);
    await settled();
    scopes.splice(0).forEach((scope) => scope.stop());
    bridge.emit('metrics', { runId: 'r1', records: [train(1)] });
    expect(steps(run)).toEqual([]);
  });
});
