import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Console } from '../../../main/cli/output/console.ts';
import { progressView } from '../../../main/cli/output/progress.ts';
import { ProgressState, validationLine } from '../../../main/cli/output/progress-state.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';

class Recorder {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 120;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  // Methods that cli-progress requires of a terminal.
  cursorTo(): void {}
  moveCursor(): void {}
  clearLine(): void {}
}

const TRAIN = {
  type: 'metrics',
  record: {
    kind: 'train',
    step: 120,
    epoch: 3,
    loss: 0.4119,
    top1: 0.9137,
    learningRate: 1e-3,
    gradientNorm: 1,
    imagesPerSecond: 184.4,
    waiting: 0,
  },
} as const satisfies EngineEvent;
const VALIDATION = {
  type: 'metrics',
  record: { kind: 'validation', step: 135, epoch: 3, loss: 0.5, top1: 0.88, best: true },
} as const satisfies EngineEvent;
function training(done: number, secondsLeft: number | null = 200): EngineEvent {
  return { type: 'progress', phase: 'training', done, total: 600, secondsLeft };
}

describe('the state of a job', () => {
  it('says how far it is and takes the engine’s own estimate', () => {
    const state = new ProgressState(() => 0);
    expect(state.label).toBe('starting');
    expect(state.update({ phase: 'training', done: 120, total: 600, secondsLeft: 200 })).toBe(true);
    expect(state.update({ phase: 'training', done: 121, total: 600, secondsLeft: 200 })).toBe(
      false,
    );
    state.metrics(TRAIN.record);
    expect(state.amount).toBe('121 of 600');
    // The speed of the first step, which compiles, says nothing.
    expect(state.details).toBe('loss 0.412, top-1 91.4 %, 3 min 20 s left');
    state.metrics({ ...TRAIN.record, step: 121, epoch: 3.1 });
    expect(state.details).toBe('loss 0.412, top-1 91.4 %, 184 images/s, 3 min 20 s left');
    state.metrics({ ...TRAIN.record, step: 160, epoch: 4, imagesPerSecond: 7.42 });
    expect(state.details).toContain('184 images/s');
  });

  it('has the mean loss of the steps since the last validation', () => {
    const state = new ProgressState(() => 0);
    expect(state.trainingLoss).toBeNull();
    for (const loss of [0.6, 0.4]) state.metrics({ ...TRAIN.record, loss });
    expect(state.trainingLoss).toBeCloseTo(0.5, 12);
    state.metrics(VALIDATION.record);
    expect(state.trainingLoss).toBeNull();
  });

  it('estimates the time left from its own speed once that has settled', () => {
    let now = 100;
    const state = new ProgressState(() => now);
    state.update({ phase: 'hashing', done: 0, total: 4_000_000 });
    now += 1;
    state.update({ phase: 'hashing', done: 1_000_000, total: 4_000_000 });
    expect(state.secondsLeft).toBeNull();
    now += 3;
    expect(state.secondsLeft).toBe(12);
    expect(state.amount).toBe('1.0 MB of 4.0 MB');
    state.update({ phase: 'hashing', done: 4_000_000, total: 4_000_000 });
    expect(state.details).toBe('');
  });

  it('counts without a total', () => {
    const state = new ProgressState(() => 0);
    state.update({ phase: 'listing', done: 1797, total: 0 });
    expect(state.amount).toBe('1,797');
    expect(state.fraction).toBe(0);
    expect(state.secondsLeft).toBeNull();
  });

  it('writes validations', () => {
    expect(validationLine(VALIDATION.record, 20, 0.25)).toBe(
      'epoch 3 of 20: training loss 0.250, validation loss 0.500, top-1 88.0 %, best so far',
    );
    expect(validationLine({ ...VALIDATION.record, best: false }, null, null)).toBe(
      'epoch 3: validation loss 0.500, top-1 88.0 %',
    );
  });
});

describe('progress without a terminal', () => {
  function plain(json = false) {
    const out = new Recorder(false);
    const error = new Recorder(false);
    let now = 0;
    const view = progressView(new Console({ json, out, error }), {
      interval: 10,
      clock: () => now,
    });
    view.expect(20);
    return { out, error, view, pass: (seconds: number) => (now += seconds) };
  }

  it('prints lines at intervals, phases and validations, on standard error alone', () => {
    const { out, error, view, pass } = plain();
    view.engine({ type: 'progress', phase: 'loading', done: 0, total: 0, secondsLeft: null });
    view.engine({ type: 'progress', phase: 'compiling', done: 4, total: 600, secondsLeft: null });
    view.engine(training(1));
    view.engine(TRAIN);
    pass(5);
    view.engine(training(60));
    pass(5);
    view.engine(training(120));
    pass(1);
    view.engine(training(121));
    view.engine({ type: 'progress', phase: 'validating', done: 0, total: 359, secondsLeft: null });
    view.engine(VALIDATION);
    view.stop();
    expect(error.text.split('\n')).toEqual([
      'loading the model',
      'compiling',
      'training: 120 of 600, loss 0.412, top-1 91.4 %, 3 min 20 s left',
      'epoch 3 of 20: training loss 0.412, validation loss 0.500, top-1 88.0 %, best so far',
      '',
    ]);
    expect(out.text).toBe('');
  });

  it('keeps quiet under --json but for warnings', () => {
    const { out, error, view } = plain(true);
    view.engine(training(1));
    view.engine(VALIDATION);
    view.engine({ type: 'log', level: 'info', message: 'fine' });
    view.engine({ type: 'log', level: 'warning', message: 'a/b.jpg is truncated.' });
    view.engine({
      type: 'unreadable',
      path: 'c.jpg',
      error: { code: 'file-damaged', message: 'c.jpg is no image.', hint: '' },
    });
    expect(error.text).toBe('warning: a/b.jpg is truncated.\nwarning: c.jpg is no image.\n');
    expect(out.text).toBe('');
  });
});

describe('progress on a terminal', () => {
  it('draws a bar, and lines do not disturb it', () => {
    const out = new Recorder(true);
    const error = new Recorder(true);
    const view = progressView(new Console({ json: false, out, error }), { clock: () => 0 });
    view.engine(TRAIN);
    view.engine(training(300));
    view.engine(VALIDATION);
    view.engine(training(301));
    view.stop();
    view.stop();
    const text = stripVTControlCharacters(error.text);
    expect(text).toContain(
      'training         ██████████████░░░░░░░░░░░░░░  50 %  loss 0.412, top-1 91.4 %',
    );
    expect(text).toContain(
      'epoch 3: training loss 0.412, validation loss 0.500, top-1 88.0 %, best so far\n',
    );
    expect(out.text).toBe('');
  });

  it('leaves the bar out where it would run into the JSON on the same terminal', () => {
    const out = new Recorder(true);
    const error = new Recorder(true);
    const view = progressView(new Console({ json: true, out, error }), { clock: () => 0 });
    view.engine(training(300));
    view.stop();
    expect(error.text).toBe('');
  });
});
