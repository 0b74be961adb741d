import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { spawnChildEngine } from '../../../main/host/engine/child-engine.ts';
import { openDispatcher, type Dispatcher } from '../../../main/host/api/dispatch.ts';
import type { EngineSpawner } from '../../../main/host/contract/engine.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import type { EventPayload } from '../../../shared/contract/window/events.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import {
  CONFIG,
  refusal,
  studioIn,
  temporaryFolder,
  writeBackbone,
  writeClassFolders,
} from '../../unit/host/support.ts';
import { ApiClient } from './trained-home.ts';

/**
 * Runs through the window API, trained by the real engine on a backbone of two blocks, in plain
 * JavaScript without compilation.
 */
const spawn: EngineSpawner = (options) =>
  spawnChildEngine({ ...options, env: { ...options.env, KARST_BACKEND: 'tfjs-cpu' } });

let home: string;
let api: Dispatcher;
let studio: Studio;
let window: ApiClient;

async function open(): Promise<void> {
  studio = await studioIn(home, { spawn });
  api = await openDispatcher({ studio, cacheDir: join(home, '..', 'cache') });
  window = new ApiClient(studio, api);
}

beforeEach(async () => {
  const folder = temporaryFolder();
  home = join(folder, 'home');
  await writeClassFolders(join(folder, 'images'), { ash: 10, elm: 10 });
  await writeBackbone(join(folder, 'backbone'));
  await open();
  await studio.backbones.add(join(folder, 'backbone'), { name: 'tiny' });
  await studio.datasets.add(join(folder, 'images'), { name: 'trees' });
});
afterEach(() => api.close());

const config = {
  ...CONFIG,
  schedule: { ...CONFIG.schedule, epochs: 3 },
  batchSize: 4,
};
const settings = () => ({
  backboneId: studio.backbones.get('tiny').id,
  datasetId: studio.datasets.get('trees').id,
  config,
});
const ended = async (id: string, state: RunView['state']): Promise<RunView> => {
  await expect
    .poll(async () => (await window.ask('runs.get', { id })).state, {
      timeout: 120_000,
      interval: 50,
    })
    .toBe(state);
  return window.ask('runs.get', { id });
};
const told = <N extends 'run' | 'metrics' | 'samples' | 'log' | 'runProgress'>(
  event: N,
): EventPayload<N>[] =>
  window.events.flatMap(([name, payload]) => (name === event ? [payload as EventPayload<N>] : []));

it('is measured, planned, trained, looked into and given more epochs', async () => {
  expect(await window.ask('runs.plan', settings())).toMatchObject({
    steps: 12,
    seconds: null,
    problems: [],
  });
  const task = await window.end(await window.ask('runs.benchmark', settings()));
  expect(task).toMatchObject({ kind: 'benchmark', subject: 'tiny', state: 'done', error: null });
  expect(task.result).toMatchObject({ kind: 'benchmark' });
  const { seconds } = await window.ask('runs.plan', settings());
  expect(seconds).toBeGreaterThan(0);

  const { id } = await window.ask('runs.create', {
    ...settings(),
    projectId: null,
    name: ' first ',
  });
  const done = await ended(id, 'done');
  expect(done).toMatchObject({ name: 'first', step: 12, totalSteps: 12, progress: null });
  const steps = (records: readonly MetricRecord[]): number[] =>
    records.flatMap((r) => (r.kind === 'train' ? [r.step] : []));
  const metrics = await window.ask('runs.metrics', { id, afterStep: 0 });
  expect(steps(metrics)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  // The events during the run match the records stored afterwards.
  expect(told('metrics').flatMap(({ records }) => records)).toEqual(metrics);
  expect(told('runProgress').length).toBeGreaterThan(0);
  // Output written directly by the engine's libraries appears only in the log file.
  const log = await window.ask('runs.log', { id });
  expect(told('log').flatMap(({ lines }) => lines)).toEqual(
    log.filter(({ message }) => !/^====|^Hi, looks like/.test(message)),
  );
  expect(log.at(-1)?.message).toMatch(/^Done after 12 steps\. The best epoch is \d, with top-1 /);
  expect(told('run').at(-1)).toMatchObject({ id, state: 'done', adapterId: done.adapterId });

  const samples = await window.ask('runs.samples', { id });
  expect(samples.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  expect(samples[0]!.images.map(({ truth }) => truth)).toEqual(['ash', 'ash', 'elm', 'elm']);
  for (const { images } of samples)
    for (const { predictions } of images)
      expect(predictions.reduce((sum, p) => sum + p.probability, 0)).toBeCloseTo(1, 5);
  const { bytes, type } = await api.picture(samples[0]!.images[0]!.media, 64);
  expect(type).toMatch(/^image\//);
  expect(bytes.length).toBeGreaterThan(50);

  const more = await window.ask('runs.extend', { id, epochs: 2 });
  expect(more).toMatchObject({ totalSteps: 20 });
  const again = await ended(id, 'done');
  expect(again.step).toBe(20);
  expect(again.adapterId).not.toBe(done.adapterId);
  expect(steps(await window.ask('runs.metrics', { id, afterStep: 12 }))).toEqual([
    13, 14, 15, 16, 17, 18, 19, 20,
  ]);
  expect(await window.ask('adapters.get', { id: again.adapterId! })).toMatchObject({
    version: 2,
    versions: [{ id: again.adapterId }, { id: done.adapterId }],
    run: { id, state: 'done' },
  });
});

it('is interrupted when the studio closes, and continues when it is opened again', async () => {
  const long = { ...config, schedule: { ...config.schedule, epochs: 10_000 } };
  const { id } = await window.ask('runs.create', {
    ...settings(),
    config: long,
    projectId: null,
    name: null,
  });
  await expect.poll(() => told('metrics').length, { timeout: 120_000 }).toBeGreaterThan(0);
  await window.ask('runs.pause', { id });
  await ended(id, 'paused');
  await window.ask('runs.resume', { id });
  await ended(id, 'running');
  const second = await window.ask('runs.create', { ...settings(), projectId: null, name: 'next' });
  expect(second.queuePosition).toBe(0);
  await refusal(window.ask('runs.pause', { id: second.id }), 'run-state');
  await window.ask('runs.stop', { id: second.id });
  await api.close();
  await studio.close();

  await open();
  const waiting = await window.ask('runs.get', { id });
  expect(waiting.error).toBeNull();
  expect(waiting.checkpointStep).toBe(waiting.step);
  const { length: before } = await window.ask('runs.metrics', { id, afterStep: 0 });
  expect(before).toBeGreaterThan(waiting.step - 1);
  await expect.poll(() => told('metrics').length, { timeout: 120_000 }).toBeGreaterThan(0);
  expect(told('metrics')[0]!.records[0]!.step).toBe(waiting.step + 1);
  await window.ask('runs.stop', { id });
  const stopped = await ended(id, 'stopped');
  expect(stopped.adapterId).not.toBeNull();
  expect((await window.ask('runs.get', { id: second.id })).state).toBe('interrupted');
});
