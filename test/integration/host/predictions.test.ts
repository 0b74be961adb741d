import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { PredictionAnswer } from '../../../shared/contract/window/adapters.ts';
import { refusal, temporaryFolder, writeImage } from '../../unit/host/support.ts';
import { TrainedHome, type ApiClient } from './trained-home.ts';
import { eventually } from '../../fixtures/eventually.ts';

/** Template with a second adapter, identical except for its name. */
const trained = new TrainedHome(async (studio, template) => {
  const out = join(template, 'exported.karst');
  await studio.merging.export('first', { format: 'karst', out });
  await studio.adapters.import(out, { name: 'second' });
});

/** Reads the process ID, which the test double gives as its label. */
const engineOf = (answer: PredictionAnswer | undefined): number =>
  Number(answer?.predictions[0]?.label);

async function ask(
  api: ApiClient,
  paths: readonly string[],
  adapter = 'first',
): Promise<PredictionAnswer[]> {
  const adapterId = api.studio.adapters.get(adapter).id;
  const input = {
    model: { kind: 'adapter' as const, id: adapterId },
    media: [],
    paths: [...paths],
    top: 1,
  };
  return (await api.ask('predictions.make', input)).answers;
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
    return false;
  }
};

describe('predictions at once', () => {
  it('are given by one engine that stays ready, in order, whatever the files', async () => {
    const api = await trained.api();
    const [first] = await ask(api, ['/a.png']);
    expect(first).toEqual({
      media: expect.stringMatching(/^f\.[0-9a-f]{24}$/) as string,
      path: '/a.png',
      predictions: [{ label: expect.stringMatching(/^\d+$/) as string, probability: 1 }],
      error: null,
    });
    const rows = await ask(api, ['/b.png', '/broken.png', '/c.png']);
    expect(rows.map((row) => row.path)).toEqual(['/b.png', '/broken.png', '/c.png']);
    expect(rows[1]).toEqual({
      media: null,
      path: '/broken.png',
      predictions: [],
      error: { code: 'file-damaged', message: '/broken.png is cut off.', hint: '' },
    });
    expect([engineOf(rows[0]), engineOf(rows[2])]).toEqual([engineOf(first), engineOf(first)]);
    expect(await ask(api, [])).toEqual([]);
  });

  it('take pictures by their names, and speak of none by the place where it is kept', async () => {
    const api = await trained.api();
    const folder = temporaryFolder();
    await writeImage(join(folder, 'x', 'broken.png'), 1);
    await writeImage(join(folder, 'y', 'whole.png'), 2);
    const { dataset } = await api.studio.datasets.add(folder, { name: 'some', val: 0 });
    const bytes = readFileSync(join(folder, 'y', 'whole.png'));
    const { media: upload } = await api.ask('uploads.add', {
      name: 'pasted.png',
      base64: bytes.toString('base64'),
    });
    const [broken, whole] = [`d.${dataset.id}.0`, `d.${dataset.id}.1`];
    const { answers, seconds } = await api.ask('predictions.make', {
      model: { kind: 'adapter', id: api.studio.adapters.get('first').id },
      media: [whole, broken, 'u.gone', upload],
      paths: ['/x.png'],
      top: 2,
    });
    expect(answers.map(({ media, path }) => [media, path])).toEqual([
      [whole, null],
      [broken, null],
      ['u.gone', null],
      [upload, null],
      [expect.stringMatching(/^f\./), '/x.png'],
    ]);
    expect(answers.map(({ predictions }) => predictions.length)).toEqual([1, 0, 0, 1, 1]);
    expect(answers.map(({ error }) => error)).toEqual([
      null,
      { code: 'file-damaged', message: 'The picture is cut off.', hint: '' },
      expect.objectContaining({ code: 'not-found' }),
      null,
      null,
    ]);
    expect(seconds).toBeGreaterThan(0);
  });

  it('start a fresh engine for another adapter, and end the one before', async () => {
    const api = await trained.api();
    const one = engineOf((await ask(api, ['/a.png']))[0]);
    const two = engineOf((await ask(api, ['/a.png'], 'second'))[0]);
    expect(two).not.toBe(one);
    expect(isRunning(one)).toBe(false);
    expect(isRunning(two)).toBe(true);
  });

  it('end the engine after a while without a question, and start another for the next', async () => {
    const api = await trained.api({}, { warmMs: 100 });
    const one = engineOf((await ask(api, ['/a.png']))[0]);
    await eventually(() => expect(isRunning(one)).toBe(false));
    expect(engineOf((await ask(api, ['/a.png']))[0])).not.toBe(one);
  });

  it('survive a crash: who asked is told, the next one is answered by a fresh engine', async () => {
    const api = await trained.api();
    const one = engineOf((await ask(api, ['/a.png']))[0]);
    const crashed = ask(api, ['/crash.png']);
    const behind = ask(api, ['/b.png']);
    const error = await refusal(crashed, 'engine-crashed');
    expect(error.message).toContain('SIGSEGV');
    expect(error.hint).toContain('Try again');
    const two = engineOf((await behind)[0]);
    expect(two).not.toBe(one);
    expect(engineOf((await ask(api, ['/c.png']))[0])).toBe(two);
  });

  it('are answered one after the other when several ask at a time', async () => {
    const api = await trained.api();
    const asked = Array.from({ length: 6 }, (_, i) => ask(api, [`/${i}.png`, '/broken.png']));
    const rows = await Promise.all(asked);
    expect(rows.map((row) => row[0]?.path)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `/${i}.png`));
    expect(new Set(rows.map((row) => engineOf(row[0]))).size).toBe(1);
  });

  it('say what is wrong before an engine is started', async () => {
    const api = await trained.api();
    await refusal(ask(api, ['/a.png'], 'none'), 'not-found');
    const { id, folder } = api.studio.adapters.get('first');
    renameSync(folder, `${folder}-away`);
    expect((await refusal(ask(api, ['/a.png']), 'not-found')).path).toBe(folder);
    renameSync(`${folder}-away`, folder);
    expect((await ask(api, ['/a.png']))[0]?.error).toBe(null);
    const input = { model: { kind: 'adapter' as const, id }, media: [], paths: ['/a.png'], top: 0 };
    await refusal(api.ask('predictions.make', input), 'usage');
  });

  it('let go of an adapter that is removed', async () => {
    const api = await trained.api();
    const engine = engineOf((await ask(api, ['/a.png']))[0]);
    await api.ask('adapters.remove', { id: api.studio.adapters.get('first').id });
    expect(isRunning(engine)).toBe(false);
  });

  it('end with the studio, also in the middle of a question', async () => {
    const api = await trained.api({}, { graceMs: 50 });
    const engine = engineOf((await ask(api, ['/a.png']))[0]);
    const path = join(temporaryFolder(), 'slow.png');
    const slow = refusal(ask(api, [path]), 'cancelled');
    const waiting = refusal(ask(api, ['/b.png']), 'cancelled');
    await eventually(() => expect(existsSync(`${path}.asked`)).toBe(true));
    await api.studio.close();
    await slow;
    await waiting;
    expect(isRunning(engine)).toBe(false);
  });
});

describe('predictions of a folder', () => {
  async function pictures(): Promise<string> {
    const folder = join(temporaryFolder(), 'in');
    await writeImage(join(folder, 'b, "quoted".png'), 1);
    await writeImage(join(folder, 'a.png'), 2);
    await writeImage(join(folder, 'deeper', 'ä.png'), 3);
    writeFileSync(join(folder, 'broken.png'), '');
    writeFileSync(join(folder, 'notes.txt'), '');
    mkdirSync(join(folder, '.hidden'));
    await writeImage(join(folder, '.hidden', 'no.png'), 4);
    return folder;
  }

  it('are a table with a row for every image, those that cannot be read too', async () => {
    const api = await trained.api();
    const folder = await pictures();
    const out = join(temporaryFolder(), 'table.csv');
    const adapterId = api.studio.adapters.get('first').id;
    const task = await api.ask('predictions.folder', {
      model: { kind: 'adapter', id: adapterId },
      folder,
      out,
      top: 1,
    });
    expect(task).toMatchObject({ kind: 'predict-folder', subject: 'first' });
    expect(await api.end(task)).toMatchObject({
      state: 'done',
      result: { kind: 'predictions', out, images: 4, unreadable: 1, rows: expect.any(Array) as [] },
    });
    const text = readFileSync(out, 'utf8');
    expect(text.endsWith('\r\n')).toBe(true);
    expect(parse(text)).toEqual([
      ['file', 'prediction 1', 'probability 1', 'error'],
      ['a.png', 'a', '1.000000', ''],
      ['b, "quoted".png', 'a', '1.000000', ''],
      ['broken.png', '', '', 'broken.png is cut off.'],
      ['deeper/ä.png', 'a', '1.000000', ''],
    ]);
  });

  it('have no more columns than there are classes', async () => {
    const api = await trained.api();
    const out = join(temporaryFolder(), 'table.csv');
    const folder = await pictures();
    await api.studio.predictions.ofFolder('first', { folder, out, top: 50 });
    expect(readFileSync(out, 'utf8').split('\r\n')[0]).toBe(
      'file,prediction 1,probability 1,prediction 2,probability 2,error',
    );
  });

  it('overwrite nothing, and leave nothing of what failed or was cancelled', async () => {
    const api = await trained.api({ FAKE_ENGINE: 'deaf' }, { graceMs: 50 });
    const folder = await pictures();
    const place = temporaryFolder();
    const taken = join(place, 'taken.csv');
    writeFileSync(taken, 'mine');
    const adapterId = api.studio.adapters.get('first').id;
    const end = async (input: { folder: string; out: string }) =>
      api.end(
        await api.ask('predictions.folder', {
          model: { kind: 'adapter', id: adapterId },
          top: 1,
          ...input,
        }),
      );
    expect(await end({ folder, out: taken })).toMatchObject({
      state: 'failed',
      error: { code: 'name-taken', path: taken, hint: expect.stringMatching(/./) as string },
    });
    const out = join(place, 'new.csv');
    expect(await end({ folder: temporaryFolder(), out })).toMatchObject({
      state: 'failed',
      error: { code: 'not-found' },
    });
    expect(await end({ folder: join(folder, 'none'), out })).toMatchObject({
      state: 'failed',
      error: { code: 'not-found' },
    });
    const nowhere = join(folder, 'none');
    expect(await end({ folder: nowhere, out: taken })).toMatchObject({
      state: 'failed',
      error: { code: 'name-taken', message: expect.stringContaining(nowhere) as string },
    });
    const task = await api.ask('predictions.folder', {
      model: { kind: 'adapter', id: adapterId },
      top: 1,
      folder,
      out,
    });
    // The engine has received the job but does not respond.
    await eventually(async () =>
      expect(await api.ask('tasks.list', {})).toContainEqual(
        expect.objectContaining({ id: task.id, state: 'running', phase: 'loading' }),
      ),
    );
    await api.ask('tasks.cancel', { id: task.id });
    expect((await api.end(task)).state).toBe('cancelled');
    expect(readdirSync(place)).toEqual(['taken.csv']);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
  });
});
