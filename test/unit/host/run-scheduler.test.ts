import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { PreparedHome } from './prepared-home.ts';
import { openQueue, QUICK, type Queue } from './run-queue.ts';
import { refusal } from './support.ts';

const prepared = new PreparedHome();
const open = (o: { start?: boolean } = {}) => openQueue(prepared, o);
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
