import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { RunPresenter } from '../../../main/host/scheduler/run-presenter.ts';
import type { NewRunOptions } from '../../../main/host/contract/runs.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { Emit } from '../../../main/host/events.ts';
import type { EventName } from '../../../shared/contract/window/events.ts';
import type { LogLine, RunView } from '../../../shared/contract/window/runs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { FakeEngines } from '../../fixtures/engines/fake-engine-handle.ts';
import { PreparedHome } from './prepared-home.ts';
import { CONFIG, refusal } from './support.ts';

const prepared = new PreparedHome();

/** Two updates per epoch, two epochs. */
const QUICK: TrainingConfig = { ...CONFIG, batchSize: 4 };

interface Told {
  readonly event: EventName;
  readonly payload: unknown;
}

/** The run operations that a window uses, without a window. */
function queueOf(studio: Studio, presenter: RunPresenter) {
  const { runs, scheduler } = studio;
  const view = (id: string): RunView => presenter.view(id);
  return {
    start: () => scheduler.start(),
    close: () => scheduler.close(),
    list: () => presenter.list(),
    view,
    async create(options: NewRunOptions): Promise<RunView> {
      const { id } = await runs.create(options);
      return view(scheduler.enter(id).id);
    },
    extend: async (id: string, epochs: number) => view((await scheduler.extend(id, epochs)).id),
    pause: (id: string) => view(scheduler.pause(id).id),
    resume: (id: string) => view(scheduler.resume(id).id),
    stop: (id: string) => view(scheduler.stop(id).id),
    move(id: string, before: string | null): RunView[] {
      scheduler.move(id, before);
      return presenter.list();
    },
    rename: (id: string, name: string) => presenter.tell(runs.rename(id, name).id),
    note: (id: string, text: string) => presenter.tell(runs.note(id, text).id),
    remove: (id: string) => presenter.remove(id),
    metrics: runs.metrics.bind(runs),
    samples: (id: string) => presenter.samples(id),
    log: (id: string) => runs.log(id),
  };
}
type Queue = ReturnType<typeof queueOf>;

/** Opens a queue over the home, with fake engines. */
async function open(o: { start?: boolean } = {}) {
  const engines = new FakeEngines();
  const studio = await prepared.open({ spawn: engines.spawn, graceMs: 1000 });
  const told: Told[] = [];
  const emit: Emit = (event, payload) => void told.push({ event, payload });
  const media = { register: (path: string) => `f.${path}` };
  const presenter = new RunPresenter({ runs: studio.runs, emit, media });
  studio.scheduler.observe(presenter);
  const queue = queueOf(studio, presenter);
  if (o.start !== false) queue.start();
  const create = (name: string): Promise<RunView> =>
    queue.create({ backbone: 'tiny', dataset: 'two', name, config: QUICK });
  const payloads = <T>(event: EventName): T[] =>
    told.filter((t) => t.event === event).map((t) => t.payload as T);
  /** Waits until a run reaches that state. */
  const state = (id: string, wanted: string) =>
    expect.poll(() => queue.view(id).state).toBe(wanted);
  return { engines, studio, queue, told, create, payloads, state };
}
const partOf = (payload: unknown): string => (payload as { part: string }).part;
const order = (queue: Queue): string[] =>
  queue
    .list()
    .filter((run) => run.queuePosition !== null)
    .sort((a, b) => a.queuePosition! - b.queuePosition!)
    .map((run) => run.name);

describe('the queue', () => {
  it('trains one run after another, and tells what each came to', async () => {
    const { engines, queue, create, payloads, state } = await open();
    const first = await create('first');
    const second = await create('second');
    expect(first).toMatchObject({ state: 'queued', totalSteps: 4, notes: '', projectId: null });
    const engine = await engines.next();
    engine.ready();
    expect(engine.training).toMatchObject({ runId: first.id, resume: false, extendedAt: null });
    expect(queue.view(first.id)).toMatchObject({ state: 'running', queuePosition: null });
    expect(queue.view(second.id)).toMatchObject({ state: 'queued', queuePosition: 0 });
    expect(engines.count).toBe(1);
    await engine.finish();
    const next = await engines.next();
    expect(next.training.runId).toBe(second.id);
    const done = queue.view(first.id);
    expect(done).toMatchObject({ state: 'done', step: 4, progress: null });
    expect(payloads<RunView>('run')).toContainEqual(done);
    expect(payloads<object>('library')).toContainEqual({ part: 'adapters', id: done.adapterId });
    next.fail('diverged', 'The loss is not a number.');
    await state(second.id, 'failed');
    expect(queue.view(second.id).error).toMatchObject({ code: 'diverged' });
  });

  it('goes on after a crash of the engine, whose run can be resumed', async () => {
    const { engines, queue, create, state } = await open();
    const first = await create('first');
    const second = await create('second');
    const engine = await engines.next();
    engine.metric(1);
    engine.checkpoint(1);
    engine.exit({ code: null, signal: 'SIGSEGV', stderrTail: '' });
    const next = await engines.next();
    expect(next.training.runId).toBe(second.id);
    expect(queue.view(first.id)).toMatchObject({
      state: 'failed',
      checkpointStep: 1,
      error: { code: 'engine-crashed' },
    });
    expect(queue.resume(first.id)).toMatchObject({
      state: 'queued',
      queuePosition: 0,
      error: null,
    });
    await next.finish();
    const again = await engines.next();
    expect(again.training).toMatchObject({ runId: first.id, resume: true });
    await again.finish();
    await state(first.id, 'done');
  });

  it('keeps its order when the studio is closed, and takes it up again', async () => {
    const before = await open();
    await before.create('running');
    for (const name of ['b', 'c', 'd']) await before.create(name);
    const engine = await before.engines.next();
    engine.checkpoint(1);
    const [, b, , d] = before.queue.list();
    expect(before.queue.move(d!.id, b!.id).filter((r) => r.queuePosition !== null)).toHaveLength(3);
    expect(order(before.queue)).toEqual(['d', 'b', 'c']);
    await before.queue.close();
    expect(engine.controls).toEqual(['suspend']);
    await before.studio.close();

    const after = await open({ start: false });
    // The run interrupted by closing the studio continues first.
    expect(order(after.queue)).toEqual(['running', 'd', 'b', 'c']);
    expect(after.engines.count).toBe(0);
    after.queue.start();
    const next = await after.engines.next();
    next.ready();
    expect(next.training).toMatchObject({ runName: 'running', resume: true });
    expect(order(after.queue)).toEqual(['d', 'b', 'c']);
  });

  it('leaves a paused run paused when the studio is closed', async () => {
    const before = await open();
    const { id } = await before.create('paused');
    const engine = await before.engines.next();
    engine.checkpoint(1);
    before.queue.pause(id);
    await before.state(id, 'paused');
    await before.queue.close();
    await before.studio.close();
    const after = await open();
    expect(after.queue.view(id)).toMatchObject({ state: 'interrupted', queuePosition: null });
    expect(after.engines.count).toBe(0);
  });

  it('ends an interrupted run with its best adapter, before those that wait', async () => {
    const { engines, queue, create, state } = await open();
    const first = await create('first');
    const engine = await engines.next();
    engine.checkpoint(1);
    engine.exit({ code: null, signal: 'SIGSEGV', stderrTail: '' });
    await state(first.id, 'failed');
    const second = await create('second');
    const busy = await engines.next();
    busy.ready();
    expect(queue.stop(first.id)).toMatchObject({ state: 'queued', queuePosition: 0 });
    await busy.finish();
    const last = await engines.next();
    expect(last.training).toMatchObject({ runId: first.id, resume: true });
    last.ready();
    await state(first.id, 'stopped');
    expect(last.controls).toEqual(['stop']);
    expect(queue.view(first.id).adapterId).not.toBeNull();
    expect(queue.view(second.id).state).toBe('done');
  });

  it('has nothing to keep of a run without a checkpoint', async () => {
    const { engines, queue, create, state } = await open();
    const first = await create('first');
    (await engines.next()).exit({ code: null, signal: 'SIGSEGV', stderrTail: '' });
    await state(first.id, 'failed');
    const error = await refusal(() => queue.stop(first.id), 'run-state');
    expect(error.message).toContain('no checkpoint');
  });

  it('trains a run past those that wait, as the command line does, and no second one beside it', async () => {
    const { engines, studio, queue, create, payloads } = await open({ start: false });
    const waiting = await create('waiting');
    const { id } = await studio.runs.create({
      backbone: 'tiny',
      dataset: 'two',
      name: 'now',
      config: QUICK,
    });
    const outcome = studio.scheduler.train('now', { resume: false });
    const engine = await engines.next();
    engine.ready();
    expect(engine.training.runId).toBe(id);
    const error = await refusal(studio.scheduler.train(waiting.id, { resume: false }), 'run-state');
    expect(error.message).toContain('"now" is being trained');
    await engine.finish();
    const { adapter } = await outcome;
    expect(queue.view(id)).toMatchObject({ state: 'done', adapterId: adapter.id });
    expect(payloads<object>('library')).toContainEqual({ part: 'adapters', id: adapter.id });
    // The queue has not been started.
    expect(queue.view(waiting.id)).toMatchObject({ state: 'queued', queuePosition: 0 });
    expect(engines.count).toBe(1);
  });

  it('moves runs before others and to its end, and tells windows of every one that moved', async () => {
    const { queue, create, payloads } = await open({ start: false });
    const runs = [];
    for (const name of ['a', 'b', 'c']) runs.push(await create(name));
    const [a, b, c] = runs;
    queue.move(a!.id, null);
    expect(order(queue)).toEqual(['b', 'c', 'a']);
    queue.move(a!.id, c!.id);
    expect(order(queue)).toEqual(['b', 'a', 'c']);
    expect(
      payloads<RunView>('run')
        .slice(-3)
        .map((run) => [run.name, run.queuePosition]),
    ).toEqual([
      ['b', 0],
      ['a', 1],
      ['c', 2],
    ]);
    queue.move(a!.id, a!.id);
    expect(order(queue)).toEqual(['b', 'a', 'c']);
    queue.stop(b!.id);
    await refusal(() => queue.move(b!.id, null), 'run-state');
    // A window may not know yet that a run is no longer queued.
    queue.move(c!.id, b!.id);
    expect(order(queue)).toEqual(['c', 'a']);
  });

  it('lets a waiting run be taken out, renamed, noted and removed', async () => {
    const { studio, queue, create, payloads } = await open({ start: false });
    const a = await create('a');
    const b = await create('b');
    expect(queue.stop(a.id)).toMatchObject({ state: 'interrupted', queuePosition: null });
    expect(queue.view(b.id).queuePosition).toBe(0);
    expect(queue.resume(a.id)).toMatchObject({ state: 'queued', queuePosition: 1 });
    expect(queue.rename(a.id, 'better')).toMatchObject({ name: 'better' });
    await refusal(() => queue.rename(a.id, 'b'), 'name-taken');
    expect(queue.note(a.id, 'tried at night')).toMatchObject({ notes: 'tried at night' });
    await queue.remove(b.id);
    expect(queue.list().map((run) => [run.name, run.queuePosition])).toEqual([['better', 0]]);
    expect(payloads<object>('library')).toContainEqual({ part: 'bin', id: b.id });
    await studio.bin.restore(b.id);
    expect(queue.view(b.id).name).toBe('b');
  });

  it('belongs to a project where it is to, which is told of', async () => {
    const { engines, studio, queue, told, state } = await open();
    const { id } = studio.projects.create('terns');
    const options = { backbone: 'tiny', dataset: 'two', config: QUICK };
    const run = await queue.create({ ...options, project: id });
    expect(run.projectId).toBe(id);
    expect(studio.projects.get(id).runIds).toEqual([run.id]);
    const times = (): number =>
      told.filter(({ event, payload }) => event === 'library' && 'projects' === partOf(payload))
        .length;
    expect(times()).toBe(1);
    await (await engines.next()).finish();
    await state(run.id, 'done');
    await expect.poll(times).toBe(2);
    await queue.remove(run.id);
    expect(times()).toBe(3);
    expect(studio.projects.get(id).runIds).toEqual([]);
    await refusal(queue.create({ ...options, project: 'gulls' }), 'not-found');
  });

  it('gives up a run that cannot even begin, and goes on with the next', async () => {
    const { engines, queue, create, state } = await open({ start: false });
    const [a, b] = [await create('a'), await create('b')];
    appendFileSync(join(a.folder, 'manifest.jsonl'), '\n');
    queue.start();
    await state(a.id, 'failed');
    expect(queue.view(a.id)).toMatchObject({
      queuePosition: null,
      error: { code: 'file-changed' },
    });
    expect((await engines.next()).training.runId).toBe(b.id);
  });

  it('spares those that wait when no engine can be had, until somebody asks again', async () => {
    const { engines, queue, create, state } = await open({ start: false });
    const [a, b] = [await create('a'), await create('b')];
    engines.refusal = new KarstError('engine-unavailable', 'No TensorFlow.', { hint: '' });
    queue.start();
    await state(a.id, 'failed');
    expect(queue.view(b.id)).toMatchObject({ state: 'queued', queuePosition: 0 });
    engines.refusal = null;
    queue.resume(a.id);
    expect((await engines.next()).training.runId).toBe(b.id);
    expect(queue.view(a.id).queuePosition).toBe(0);
  });

  it('does not start runs that were made elsewhere, until they are resumed', async () => {
    const { engines, studio, queue } = await open();
    const run = await studio.runs.create({ backbone: 'tiny', dataset: 'two', config: QUICK });
    expect(queue.view(run.id)).toMatchObject({ state: 'queued', queuePosition: null });
    expect(engines.count).toBe(0);
    expect(queue.resume(run.id)).toMatchObject({ state: 'queued' });
    expect((await engines.next()).training.runId).toBe(run.id);
  });
});

describe('a run that is executed', () => {
  it('is paused, goes on, and is stopped with its adapter kept', async () => {
    const { engines, queue, create, state } = await open();
    const run = await create('a');
    const engine = await engines.next();
    engine.ready();
    queue.pause(run.id);
    expect(queue.view(run.id).state).toBe('paused');
    queue.resume(run.id);
    expect(queue.view(run.id).state).toBe('running');
    queue.stop(run.id);
    await state(run.id, 'stopped');
    expect(engine.controls).toEqual(['pause', 'resume', 'stop']);
    expect(queue.view(run.id).adapterId).not.toBeNull();
    await refusal(() => queue.pause(run.id), 'run-state');
    await refusal(() => queue.stop(run.id), 'run-state');
    await refusal(() => queue.resume(run.id), 'run-state');
  });

  it.each<{ asked: ('pause' | 'resume' | 'stop')[]; sent: string[]; ends: string }>([
    { asked: ['pause'], sent: ['pause'], ends: 'paused' },
    { asked: ['pause', 'resume'], sent: [], ends: 'running' },
    { asked: ['pause', 'stop', 'resume', 'pause'], sent: ['stop'], ends: 'stopped' },
  ])('obeys $asked from before its engine was there', async ({ asked, sent, ends }) => {
    const { engines, queue, create, state } = await open({ start: false });
    const run = await create('a');
    queue.start();
    for (const ask of asked) queue[ask](run.id);
    const engine = await engines.next();
    await state(run.id, ends);
    expect(engine.controls).toEqual(sent);
  });

  it('is not removed, nor extended, nor entered twice', async () => {
    const { engines, queue, create } = await open();
    const run = await create('a');
    await engines.next();
    await refusal(queue.remove(run.id), 'run-state');
    await refusal(queue.extend(run.id, 3), 'run-state');
    expect(queue.resume(run.id).queuePosition).toBeNull();
  });

  it('tells its metrics once each, in beats, and a window that comes later has them all', async () => {
    const { engines, queue, create, payloads, state } = await open();
    const run = await create('a');
    const engine = await engines.next();
    for (let step = 1; step <= 500; step++) engine.metric(step);
    // Available although they have been neither sent nor written yet.
    expect(queue.metrics(run.id, 0).map((r) => r.step)).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
    expect(queue.metrics(run.id, 498).map((r) => r.step)).toEqual([499, 500]);
    expect(queue.metrics(run.id, 100, 3).map((r) => r.step)).toEqual([101, 102, 103]);
    expect(queue.metrics(run.id, 499, 3).map((r) => r.step)).toEqual([500]);
    expect(queue.metrics(run.id, 500, 3)).toEqual([]);
    await engine.finish();
    await state(run.id, 'done');
    const told = payloads<{ runId: string; records: { step: number }[] }>('metrics');
    expect(told.flatMap(({ records }) => records.map((r) => r.step))).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
    expect(told.every(({ runId }) => runId === run.id)).toBe(true);
    // All at the same moment: the first is sent immediately, the rest at the end.
    expect(told.length).toBeLessThanOrEqual(3);
  });

  it('tells how far it is', async () => {
    const { engines, queue, create } = await open();
    const run = await create('a');
    const engine = await engines.next();
    engine.say({ type: 'progress', phase: 'compiling', done: 0, total: 1, secondsLeft: null });
    expect(queue.view(run.id).progress).toEqual({
      phase: 'compiling',
      done: 0,
      total: 1,
      secondsLeft: null,
      imagesPerSecond: null,
      activeSeconds: expect.any(Number) as number,
    });
    engine.metric(1, { imagesPerSecond: 20 });
    engine.say({ type: 'progress', phase: 'training', done: 1, total: 4, secondsLeft: 12.5 });
    engine.say({ type: 'progress', phase: 'validating', done: 0, total: 2, secondsLeft: null });
    expect(queue.view(run.id).progress).toEqual({
      phase: 'validating',
      done: 0,
      total: 2,
      secondsLeft: 12.5,
      imagesPerSecond: 20,
      activeSeconds: expect.any(Number) as number,
    });
  });

  it('keeps its log, and the words of its engine in it', async () => {
    const { engines, queue, create, payloads, state } = await open();
    const run = await create('a');
    const engine = await engines.next();
    engine.ready();
    engine.say({ type: 'log', level: 'warning', message: 'Something\n  odd.' });
    const raw = [
      'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
      'I0000 00:00:1795357622.2 31 port.cc:153] Beware of rounding errors.',
      'E0000 00:00:1795357622.2 31 port.cc:153] No more memory.',
      'Fatal Python error',
      '  at nowhere',
    ];
    appendFileSync(join(run.folder, 'log.txt'), raw.map((line) => `${line}\n`).join(''));
    engine.checkpoint(1);
    engine.fail('diverged', 'The loss is not a number.');
    await state(run.id, 'failed');
    const lines = await queue.log(run.id);
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'info: The engine runs on plain JavaScript, cpu, 1 threads.',
      'warning: Something odd.',
      `info: ${raw[1]}`,
      `error: ${raw[2]}`,
      'error: Fatal Python error',
      'info:   at nowhere',
      'info: Checkpoint at step 1.',
      'error: The loss is not a number.',
    ]);
    for (const { at } of lines) expect(new Date(at).toISOString()).toBe(at);
    expect(lines[2]!.at).toBe(lines[1]!.at);
    // Sent in order; raw engine output appears only in the file.
    const told = payloads<{ lines: LogLine[] }>('log').flatMap(({ lines: some }) => some);
    expect(told).toEqual(lines.filter(({ message }) => !raw.includes(message)));
  });

  it('shows the last lines of a long log', async () => {
    const { queue, create } = await open({ start: false });
    const run = await create('a');
    expect(await queue.log(run.id)).toEqual([]);
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i} of this log`).join('\n');
    writeFileSync(join(run.folder, 'log.txt'), `${text}\n`);
    const lines = await queue.log(run.id);
    expect(lines).toHaveLength(500);
    expect(lines[0]).toEqual({
      at: run.createdAt,
      level: 'info',
      message: 'line 19500 of this log',
    });
  });

  it('shows its samples, to those who come later too', async () => {
    const { engines, queue, create, payloads } = await open();
    const run = await create('a');
    const engine = await engines.next();
    const record = {
      step: 2,
      epoch: 1,
      images: [{ path: '/x.png', truth: 'a', predictions: [{ label: 'b', probability: 0.75 }] }],
    };
    engine.say({ type: 'samples', record });
    writeFileSync(join(run.folder, 'samples.jsonl'), `${JSON.stringify(record)}\n{"step":4,"ep`);
    const samples = {
      epoch: 1,
      images: [{ media: 'f./x.png', truth: 'a', predictions: [{ label: 'b', probability: 0.75 }] }],
    };
    expect(await queue.samples(run.id)).toEqual([samples]);
    await expect.poll(() => payloads<object>('samples')).toEqual([{ runId: run.id, samples }]);
  });
});

describe('more epochs for a run that has ended', () => {
  it('are trained from where it ended, into another adapter of the same line', async () => {
    const { engines, studio, queue, create, state } = await open();
    const run = await create('a');
    const engine = await engines.next();
    engine.metric(4);
    engine.checkpoint(4);
    await engine.finish(4);
    await state(run.id, 'done');
    const before = queue.view(run.id);
    const more = await queue.extend(run.id, 3);
    expect(more).toMatchObject({ totalSteps: 10, config: { schedule: { epochs: 5 } } });
    const next = await engines.next();
    expect(next.training).toMatchObject({ resume: true, extendedAt: 4 });
    expect(next.training.config.schedule.epochs).toBe(5);
    expect(next.training.adapterDir).not.toBe(engine.training.adapterDir);
    next.metric(5);
    await next.finish(10);
    await state(run.id, 'done');
    const after = queue.view(run.id);
    expect(after.adapterId).not.toBe(before.adapterId);
    expect(studio.adapters.get(before.adapterId!).name).toBe('a');
    expect(studio.adapters.get(after.adapterId!)).toMatchObject({ name: 'a-2', runId: run.id });
    expect(queue.metrics(run.id, 0).map((r) => r.step)).toEqual([4, 5]);
    const described = JSON.parse(readFileSync(join(run.folder, 'config.json'), 'utf8')) as {
      config: TrainingConfig;
      extensions: { step: number; config: TrainingConfig }[];
    };
    expect(described.config).toEqual(QUICK);
    expect(described.extensions).toMatchObject([
      { step: 4, config: { ...QUICK, schedule: { ...QUICK.schedule, epochs: 5 } } },
    ]);
  });

  it('count from the epoch that a stop broke off', async () => {
    const { engines, queue, create, state } = await open();
    const run = await create('a');
    const engine = await engines.next();
    engine.checkpoint(3);
    engine.obeys = false;
    queue.stop(run.id);
    await engine.finish(3);
    await state(run.id, 'stopped');
    // Step 3 is in the second epoch: that epoch is completed, and three more follow.
    expect(await queue.extend(run.id, 3)).toMatchObject({ totalSteps: 10 });
  });

  it('are refused where there is nothing to go on from', async () => {
    const { engines, queue, create, state } = await open();
    const run = await create('a');
    await (await engines.next()).finish();
    await state(run.id, 'done');
    await refusal(queue.extend(run.id, 3), 'checkpoint-invalid');
    expect(queue.view(run.id)).toMatchObject({ state: 'done', totalSteps: 4 });
  });

  it('are refused beyond the limits, and change nothing', async () => {
    const { engines, queue, create, state } = await open();
    const run = await create('a');
    const engine = await engines.next();
    engine.checkpoint(4);
    await engine.finish(4);
    await state(run.id, 'done');
    await refusal(queue.extend(run.id, 1_000_000), 'config-invalid');
    expect(queue.view(run.id)).toMatchObject({ state: 'done', totalSteps: 4 });
    expect(readFileSync(join(run.folder, 'config.json'), 'utf8')).not.toContain('extensions');
  });
});

describe('what cannot be stored', () => {
  it('is told to windows and does not end the queue', async () => {
    const { engines, studio, create, payloads, state } = await open();
    const [a, b] = [await create('a'), await create('b')];
    const engine = await engines.next();
    const failure = new KarstError('not-writable', 'The disk is full.', { hint: '' });
    const detail = vi.spyOn(studio.runs, 'detail').mockImplementation(() => {
      throw failure;
    });
    engine.fail('diverged', 'No.');
    await expect
      .poll(() => payloads<{ error: { message: string } }>('notice'))
      .toContainEqual({ level: 'error', error: failure.toReport() });
    detail.mockRestore();
    expect((await engines.next()).training.runId).toBe(b.id);
    await state(a.id, 'failed' satisfies Studio['interrupted'][number]['state']);
  });
});
