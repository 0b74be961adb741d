import { fork } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { PreparedHome } from '../../unit/host/prepared-home.ts';
import {
  ARCHITECTURE,
  CONFIG,
  fakeEngine,
  PREPROCESSING,
  refusal,
  temporaryFolder,
  writeBackbone,
  writeClassFolders,
} from '../../unit/host/support.ts';
import * as v from 'valibot';
import { manifestImage } from '../../../main/formats/manifest.ts';
import { configured } from '../../fixtures/engine/test-bed.ts';

const prepared = new PreparedHome();

/** Opens a studio on the prepared home; `env` controls the behaviour of the fake engines. */
const open = (env: Record<string, string> = {}, graceMs = 10_000): Promise<Studio> =>
  prepared.open({ spawn: fakeEngine(env), graceMs });

const create = (studio: Studio, name = 'first') =>
  studio.runs.create({ backbone: 'tiny', dataset: 'two', name, config: CONFIG });

const manifestOf = (folder: string): ManifestImage[] =>
  readFileSync(join(folder, 'manifest.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => v.parse(manifestImage, JSON.parse(line)));

describe('creating a run', () => {
  it('freezes the file list with hashes and writes the settings', async () => {
    const studio = await open();
    const run = await create(studio);
    expect(run).toMatchObject({
      state: 'queued',
      classes: ['a', 'b'],
      counts: { train: 8, val: 2, test: 0 },
    });
    expect(readdirSync(run.folder).sort()).toEqual(['config.json', 'manifest.jsonl']);
    const images = manifestOf(run.folder);
    expect(images).toHaveLength(10);
    expect(images[0]).toMatchObject({
      path: join(prepared.template, 'images', 'a', '0.png'),
      width: 8,
      height: 6,
      labels: [0],
    });
    expect(images.every((i) => /^[0-9a-f]{64}$/.test(i.sha256))).toBe(true);
    expect(JSON.parse(readFileSync(join(run.folder, 'config.json'), 'utf8'))).toMatchObject({
      id: run.id,
      name: 'first',
      classes: ['a', 'b'],
      config: CONFIG,
      backbone: { name: 'tiny', architecture: ARCHITECTURE },
    });
  });

  it('leaves out images that cannot be used and classes without any', async () => {
    const folder = join(temporaryFolder(), 'mixed');
    await writeClassFolders(folder, { a: 3, c: 3 }, 500);
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b', 'x.png'), 'not an image');
    const studio = await open();
    await studio.datasets.add(folder, { name: 'mixed', val: 0 });
    const run = await studio.runs.create({ backbone: 'tiny', dataset: 'mixed', config: CONFIG });
    expect(run.classes).toEqual(['a', 'c']);
    expect(run.name).toBe('mixed-karst');
    expect(manifestOf(run.folder).map((i) => i.labels[0])).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('refuses settings out of their limits, a taken name and unknown things, and writes nothing', async () => {
    const studio = await open();
    const bad = configured({ karst: { rank: -1 } }, CONFIG);
    const error = await refusal(
      studio.runs.create({ backbone: 'tiny', dataset: 'two', config: bad }),
      'config-invalid',
    );
    expect(error.message).toBe(
      'The setting "karst.rank" is -1; it must be a whole number from 1 to 1,024, or 0 for one by the width of each stage.',
    );
    await refusal(
      studio.runs.create({ backbone: 'tin', dataset: 'two', config: CONFIG }),
      'not-found',
    );
    await refusal(
      studio.runs.create({ backbone: 'tiny', dataset: 'too', config: CONFIG }),
      'not-found',
    );
    expect(existsSync(join(prepared.home, 'runs'))).toBe(false);
    await create(studio);
    await refusal(create(studio), 'name-taken');
    expect(readdirSync(join(prepared.home, 'runs'))).toHaveLength(1);
  });

  it('fails in words when the disk does not take the folder, and stores no run', async () => {
    const studio = await open();
    writeFileSync(join(prepared.home, 'runs'), 'a file where the folder should be');
    await refusal(create(studio), 'not-writable');
    expect(studio.runs.list()).toEqual([]);
  });

  it('of a bare shape trains from scratch with the method full alone', async () => {
    const studio = await open();
    const shape = { name: 'bare', architecture: ARCHITECTURE, preprocessing: PREPROCESSING };
    await refusal(
      studio.runs.create({
        backbone: shape,
        dataset: 'two',
        config: configured({ method: 'full' }, CONFIG),
      }),
      'config-invalid',
    );
    const run = await studio.runs.create({
      backbone: shape,
      dataset: 'two',
      config: configured({ method: 'full', initialize: 'random' }, CONFIG),
    });
    const { adapter } = await studio.scheduler.train(run.id, { resume: false });
    expect(adapter).toMatchObject({
      method: 'full',
      backboneId: null,
      backboneSha256: '',
      backboneName: 'bare',
    });
  });
});

describe('training from scratch in the shape of a backbone', () => {
  it('gives a model that stands on no backbone and is evaluated without one', async () => {
    const studio = await open();
    const config = configured({ method: 'full', initialize: 'random' }, CONFIG);
    const run = await studio.runs.create({ backbone: 'tiny', dataset: 'two', config });
    const { adapter } = await studio.scheduler.train(run.id, { resume: false });
    expect(run.backboneId).not.toBeNull();
    expect(adapter).toMatchObject({ backboneId: null, backboneSha256: '' });
    const { evaluation } = await studio.evaluations.evaluate(adapter.id, { dataset: 'two' });
    expect(evaluation.n).toBe(2);
  });
});

describe('executing a run', () => {
  it('stores metrics, state and the adapter', async () => {
    const studio = await open();
    const run = await create(studio);
    const events: EngineEvent['type'][] = [];
    const outcome = await studio.scheduler.train('first', {
      resume: false,
      onEvent: (event) => events.push(event.type),
    });
    expect(events.slice(0, 4)).toEqual(['ready', 'progress', 'metrics', 'checkpoint']);
    expect(events.at(-1)).toBe('done');
    expect(outcome.run).toMatchObject({
      state: 'done',
      step: 4,
      epoch: 2,
      checkpointStep: 3,
      bestTop1: 0.8,
      bestLoss: 0.25,
      error: null,
    });
    expect(outcome.result.val?.n).toBe(2);
    expect(outcome.adapter).toMatchObject({
      id: run.id.replace('run-', 'ad-'),
      name: 'first',
      runId: run.id,
      classes: ['a', 'b'],
      headParameters: 26,
      top1: 1,
      loss: 0.25,
    });
    expect(outcome.run.adapterId).toBe(outcome.adapter.id);
    expect(readdirSync(outcome.adapter.folder)).toContain('adapter_model.safetensors');
    const metrics = studio.runs.metrics('first');
    expect(metrics.map((m) => `${m.kind} ${m.step}`)).toEqual([
      'train 1',
      'validation 1',
      'train 2',
      'validation 2',
      'train 3',
      'validation 3',
      'train 4',
      'validation 4',
    ]);
    expect(metrics[1]).toEqual({
      kind: 'validation',
      step: 1,
      epoch: 1,
      loss: 1,
      top1: 0.5,
      best: true,
    });
    await refusal(studio.scheduler.train('first', { resume: true }), 'run-state');
  });

  it.each([
    ['exit', 'engine-crashed', /exit code 7 \(something broke inside\)/],
    ['memory', 'out-of-memory', /heap out of memory/],
    ['garbage', 'internal', /invalid message \(record\.step/],
    ['diverge', 'diverged', /not finite/],
    ['wrong-result', 'internal', /"train" with a result "predict"/],
  ] as const)(
    'reports an engine that ends by "%s" and keeps what was stored',
    async (mode, code, sentence) => {
      const studio = await open({ FAKE_ENGINE: mode });
      const run = await create(studio);
      const error = await refusal(studio.scheduler.train(run.id, { resume: false }), code);
      expect(error.message).toMatch(sentence);
      const after = studio.runs.get(run.id);
      expect(after).toMatchObject({
        state: 'failed',
        adapterId: null,
        error: { code, message: error.message },
      });
      expect(after.checkpointStep).toBe(mode === 'wrong-result' ? 3 : 1);
      expect(studio.runs.metrics(run.id).length).toBeGreaterThan(1);
      expect(studio.adapters.list()).toEqual([]);
    },
  );

  it('tells a kill -9 of the engine, and the run can be resumed', async () => {
    const broken = await open({ FAKE_ENGINE: 'killed' });
    const run = await create(broken);
    const error = await refusal(
      broken.scheduler.train(run.id, { resume: false }),
      'engine-crashed',
    );
    expect(error.message).toContain('SIGKILL');
    expect(error.hint).toContain(join(run.folder, 'log.txt'));
    await broken.close();
    const studio = await open();
    await refusal(studio.scheduler.train(run.id, { resume: false }), 'run-state');
    const { run: done } = await studio.scheduler.train(run.id, { resume: true });
    expect(done.state).toBe('done');
    expect(
      studio.runs
        .metrics(run.id)
        .filter((m) => m.kind === 'train')
        .map((m) => m.step),
    ).toEqual([1, 2, 3, 4]);
  });

  it('suspends on abort and goes on from the checkpoint', async () => {
    const slow = await open({ FAKE_STEPS: '1000', FAKE_HOLD: '3' });
    const run = await create(slow);
    const abort = new AbortController();
    const onEvent = (event: EngineEvent): void => {
      if (event.type === 'checkpoint' && event.step === 3) abort.abort();
    };
    const error = await refusal(
      slow.scheduler.train(run.id, { resume: false, signal: abort.signal, onEvent }),
      'cancelled',
    );
    expect(error.message).toContain('kept up to step 3');
    expect(error.hint).toContain(`karst runs resume ${run.id}`);
    expect(slow.runs.get(run.id)).toMatchObject({ state: 'interrupted', error: null });
    const { activeSeconds: before } = slow.runs.get(run.id);
    await slow.close();
    const studio = await open({ FAKE_STEPS: '6' });
    const { run: done } = await studio.scheduler.train(run.id, { resume: true });
    expect(done).toMatchObject({ state: 'done', step: 6 });
    expect(before).toBeGreaterThan(0);
    expect(done.activeSeconds).toBeGreaterThan(before ?? NaN);
  });

  it('kills an engine that does not obey, after the grace period', async () => {
    const studio = await open({ FAKE_ENGINE: 'deaf', FAKE_STEPS: '100000' }, 50);
    const run = await create(studio);
    const abort = new AbortController();
    const onEvent = (event: EngineEvent): void => {
      if (event.type === 'checkpoint') abort.abort();
    };
    await refusal(
      studio.scheduler.train(run.id, { resume: false, signal: abort.signal, onEvent }),
      'cancelled',
    );
    expect(studio.runs.get(run.id).state).toBe('interrupted');
  });

  it('pauses, goes on and stops when asked to', async () => {
    const studio = await open({ FAKE_STEPS: '100000' });
    const run = await create(studio);
    const states: string[] = [];
    const outcome = await studio.scheduler.train(run.id, {
      resume: false,
      onEvent: (event) => {
        if (event.type === 'checkpoint' && event.step === 3) studio.scheduler.pause(run.id);
        if (event.type === 'state') {
          states.push(event.state, studio.runs.get(run.id).state);
          if (event.state === 'paused') studio.scheduler.resume(run.id);
          else studio.scheduler.stop(run.id);
        }
      },
    });
    expect(states).toEqual(['paused', 'paused', 'running', 'running']);
    expect(outcome.run.state).toBe('stopped');
    expect(outcome.adapter.runId).toBe(run.id);
  });

  it('ends with the error of whoever listens', async () => {
    const studio = await open();
    const run = await create(studio);
    const listener = (): void => {
      throw new Error('the screen is gone');
    };
    await expect(
      studio.scheduler.train(run.id, { resume: false, onEvent: listener }),
    ).rejects.toThrow('the screen is gone');
    expect(studio.runs.get(run.id).state).toBe('failed');
  });

  it('starts nothing when the backbone or the file list is another one now', async () => {
    const studio = await open();
    const run = await create(studio);
    await writeBackbone(join(prepared.template, 'backbone'), { value: 0.2 });
    const changed = await refusal(
      studio.scheduler.train(run.id, { resume: false }),
      'file-changed',
    );
    expect(changed.message).toContain('"tiny" was changed');
    await writeBackbone(join(prepared.template, 'backbone'));
    appendFileSync(join(run.folder, 'manifest.jsonl'), '\n');
    await refusal(studio.scheduler.train(run.id, { resume: false }), 'file-changed');
    expect(studio.runs.get(run.id).state).toBe('queued');
    expect(existsSync(join(run.folder, 'log.txt'))).toBe(false);
  });
});

describe('two hosts on one home', () => {
  it('do not execute the same run, and one can stop what the other executes', async () => {
    const one = await open({ FAKE_STEPS: '100000' });
    const two = await open();
    const run = await create(one);
    await refusal(() => two.runs.requestStop(run.id), 'run-state');
    const { promise: going, resolve: goes } = Promise.withResolvers<true>();
    const execution = one.scheduler.train(run.id, {
      resume: false,
      onEvent: (event) => {
        if (event.type === 'checkpoint') goes(true);
      },
    });
    await going;
    expect(two.runs.get(run.id).state).toBe('running');
    await refusal(two.scheduler.train(run.id, { resume: true }), 'run-state');
    await refusal(two.runs.remove(run.id), 'run-state');
    two.runs.requestStop('first');
    expect((await execution).run.state).toBe('stopped');
    expect(two.adapters.get('first').runId).toBe(run.id);
  });

  it('a host that is killed leaves an interrupted run and ends its engine', async () => {
    const studio = await open();
    const run = await create(studio);
    await studio.close();
    const left = join(temporaryFolder(), 'left');
    const child = fork(fileURLToPath(new URL('./executing-host.ts', import.meta.url)), [
      prepared.home,
      run.id,
      left,
    ]);
    await new Promise<void>((resolve, reject) => {
      child.on('message', () => resolve());
      child.on('exit', () => reject(new Error('the host ended early')));
    });
    child.removeAllListeners('exit');
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    const next = await open();
    expect(next.interrupted.map((r) => r.id)).toEqual([run.id]);
    expect(next.notices).toEqual([expect.stringContaining('did not close properly')]);
    expect(next.runs.get(run.id)).toMatchObject({
      state: 'interrupted',
      error: { code: 'engine-crashed' },
    });
    // The engine detects that its host has died.
    await expect.poll(() => existsSync(left)).toBe(true);
    expect((await next.scheduler.train(run.id, { resume: true })).run.state).toBe('done');
  });
});

describe('closing and removing', () => {
  it('closing suspends what runs', async () => {
    const studio = await open({ FAKE_STEPS: '100000' });
    const run = await create(studio);
    const started = new Promise<void>((resolve) => {
      const execution = studio.scheduler.train(run.id, {
        resume: false,
        onEvent: (event) => {
          if (event.type === 'checkpoint') resolve();
        },
      });
      execution.catch(() => undefined);
    });
    await started;
    await studio.close();
    const next = await open();
    expect(next.interrupted).toEqual([]);
    expect(next.runs.get(run.id).state).toBe('interrupted');
  });

  it('a removed run can be brought back from the bin; its adapter stays', async () => {
    const studio = await open();
    const run = await create(studio);
    await studio.scheduler.train(run.id, { resume: false });
    await studio.runs.remove('first');
    expect(studio.runs.list()).toEqual([]);
    expect(existsSync(run.folder)).toBe(false);
    const [kept] = readdirSync(join(prepared.home, 'bin'));
    expect(readdirSync(join(prepared.home, 'bin', kept ?? ''))).toContain('manifest.jsonl');
    expect(studio.adapters.get('first').runId).toBe(run.id);
    await refusal(() => studio.backbones.remove('tiny'), 'in-use');
  });
});
