import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../../shared/contract/window/runs.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { PreparedHome } from './prepared-home.ts';
import { openQueue, QUICK } from './run-queue.ts';
import { refusal } from './support.ts';

const prepared = new PreparedHome();
const open = (o: { start?: boolean } = {}) => openQueue(prepared, o);

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
