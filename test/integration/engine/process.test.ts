import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineEvent, HostMessage } from '../../../shared/contract/engine/messages.ts';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { EngineProcess, runProcess } from '../../fixtures/engine/engine-process.ts';
import { perform } from '../../fixtures/engine/in-process.ts';
import {
  configured,
  metricsOf,
  weightsFile,
  TestBed,
  writeManifest,
} from '../../fixtures/engine/test-bed.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

/** The engine as a process: its channel messages and how it exits. */
let testBed: TestBed;
let images: ManifestImage[];
const running: EngineProcess[] = [];
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 12, val: 3 });
});
afterEach(() => {
  for (const engine of running.splice(0)) engine.child.kill('SIGKILL');
});
afterAll(() => testBed.remove());

const layOut = (overrides: SomeSettings, changes: Partial<TrainJob> = {}): Promise<TrainJob> =>
  testBed.run(images, configured(overrides), changes);
function engine(native = false): EngineProcess {
  const made = new EngineProcess({ native });
  running.push(made);
  return made;
}
const isStep = (event: EngineEvent): boolean =>
  event.type === 'metrics' && event.record.kind === 'train';
const isState = (state: string) => (event: EngineEvent) =>
  event.type === 'state' && event.state === state;
/** Longer than any test waits. */
const ENDLESS = { schedule: { epochs: 100_000 } };

describe('an engine process', () => {
  it('pauses, goes on and stops when it is told over its channel', async () => {
    const job = await layOut(ENDLESS);
    const own = engine();
    own.start(job, testBed.cacheDir);
    await own.heard(isStep);
    own.send({ type: 'pause' });
    await own.heard(isState('paused'));
    const steps = own.events.filter(isStep).length;
    const before = own.events.slice(0, own.events.findIndex(isState('paused')));
    const told = before.flatMap((e) => (e.type === 'checkpoint' ? [e.step] : [])).at(-1);
    expect(told).toBe(steps);
    // Waits for the duration of another complete training.
    await perform(await layOut({}), { cacheDir: testBed.cacheDir });
    expect(own.events.filter(isStep)).toHaveLength(steps);
    own.send({ type: 'resume' });
    await own.heard(isState('running'));
    await own.heard((e) => e.type === 'metrics' && e.record.step > steps);
    own.send({ type: 'stop' });
    expect(await own.ended()).toEqual({ code: 0, signal: null });
    expect(own.outcome()).toMatchObject({ type: 'done', result: { stoppedEarly: true } });
    expect((await readFile(weightsFile(job))).length).toBeGreaterThan(1000);
    expect(own.events[0]).toMatchObject({
      type: 'ready',
      device: { backend: 'tfjs-cpu', tensorflow: null },
    });
  });

  it('obeys what is sent right behind the job', async () => {
    const job = await layOut(ENDLESS);
    const own = engine();
    own.start(job, testBed.cacheDir);
    own.send({ type: 'suspend' });
    await own.ended();
    expect(own.outcome()).toMatchObject({ type: 'error', error: { code: 'cancelled' } });
    expect(await metricsOf(job)).toEqual([]);
  });

  it('ends when its host is gone', async () => {
    const own = engine();
    own.start(await layOut(ENDLESS), testBed.cacheDir);
    await own.heard(isStep);
    expect(await own.left()).toEqual({ code: 0, signal: null });
  });

  it('ends when its host goes before any job, and while it is paused', async () => {
    const idle = engine();
    const paused = engine();
    paused.start(await layOut(ENDLESS), testBed.cacheDir);
    paused.send({ type: 'pause' });
    await paused.heard(isState('paused'));
    const endings = await Promise.all([idle.left(), paused.left()]);
    expect(endings.map((e) => e.signal)).toEqual([null, null]);
  });

  it('reports what is wrong with a job and ends with code 1', async () => {
    const path = join(testBed.folder, 'nowhere.safetensors');
    const job = await layOut({}, { backbone: { ...testBed.backbone, path } });
    const own = await runProcess(job, testBed.cacheDir, { native: false });
    expect(own.outcome()).toMatchObject({ type: 'error', error: { code: 'not-found', path } });
    expect(await own.ended()).toEqual({ code: 1, signal: null });
  });

  it('takes no message that it does not know', async () => {
    const own = engine();
    own.send({ type: 'start', job: { kind: 'paint' }, cacheDir: '' } as unknown as HostMessage);
    await own.ended();
    expect(own.outcome()).toMatchObject({ type: 'error', error: { code: 'internal' } });
  });

  it('gets a large result through to a host that is busy', async () => {
    const job = await layOut(
      { method: 'linear', schedule: { epochs: 1 } },
      { classes: ['a', 'b', 'c'].map((c) => c.repeat(900)) },
    );
    await perform(job, { cacheDir: testBed.cacheDir });
    // One megabyte, several times the capacity of a pipe: 400 rows of three long names.
    const manifest = join(job.runDir, 'many.jsonl');
    const lines = Array.from({ length: 400 }, (_, i) => images[i % images.length]!);
    await writeManifest(manifest, lines);
    const { adapterDir, backbone } = job;
    const own = engine();
    own.start(
      { kind: 'evaluate', adapterDir, backbone, manifest, batchSize: 50 },
      testBed.cacheDir,
    );
    await own.heard((e) => e.type === 'progress' && e.phase === 'evaluating' && e.done === 400);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await own.ended();
    const outcome = own.outcome();
    expect(outcome).toMatchObject({ type: 'done', result: { kind: 'evaluate' } });
    expect(JSON.stringify(outcome).length).toBeGreaterThan(1_000_000);
  });
});

describe('both ways of running', () => {
  it('train alike', async () => {
    const overrides = { schedule: { epochs: 2 }, karst: { rescale: 'none' } } as const;
    const [native, interpreted] = [await layOut(overrides), await layOut(overrides)];
    const first = await runProcess(native, testBed.cacheDir, { native: true });
    const second = await runProcess(interpreted, testBed.cacheDir, { native: false });
    expect(first.events[0]).toMatchObject({ type: 'ready', device: { backend: 'tensorflow' } });
    expect(second.events[0]).toMatchObject({ type: 'ready', device: { backend: 'tfjs-cpu' } });
    for (const own of [first, second]) expect(own.outcome().type).toBe('done');
    const [a, b] = [await metricsOf(native), await metricsOf(interpreted)];
    expect(a.length).toBe(2 * (3 + 1));
    expect(b.map((r) => [r.kind, r.step])).toEqual(a.map((r) => [r.kind, r.step]));
    a.forEach((r, i) => expect(Math.abs(r.loss - b[i]!.loss), String(i)).toBeLessThan(1e-4));
  });
});
