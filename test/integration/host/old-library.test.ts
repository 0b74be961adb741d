import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineSpawner } from '../../../main/host/contract/engine.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { spawnChildEngine } from '../../../main/host/engine/child-engine.ts';
import { openStudio } from '../../../main/host/open-studio.ts';
import { unpackOldLibrary } from '../../fixtures/old-library.ts';

/** The real engine on the interpreter, so that nothing is compiled. */
const spawn: EngineSpawner = (options) =>
  spawnChildEngine({ ...options, env: { ...options.env, KARST_BACKEND: 'tfjs-cpu' } });

let folder: string;
let studio: Studio;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-old-'));
  const home = await unpackOldLibrary(join(folder, 'studio'));
  studio = await openStudio({ home, spawn, starter: null });
});
afterAll(async () => {
  await studio.close();
  rmSync(folder, { recursive: true });
});

describe('a library that an earlier version wrote', () => {
  it('is opened with all that was in it', () => {
    expect(studio.runs.list().map(({ name, state, step }) => [name, state, step])).toEqual([
      ['first', 'done', 15],
      ['probe', 'done', 10],
      ['whole', 'done', 5],
      ['interrupted', 'interrupted', 5],
    ]);
    expect(studio.datasets.get('birds').classes.map(({ name }) => name)).toEqual([
      'Ente',
      'Möwe',
      'Star',
    ]);
    expect(
      studio.adapters
        .list()
        .map(({ name, method }) => [name, method])
        .sort(),
    ).toEqual([
      ['first', 'karst'],
      ['probe', 'linear'],
      ['whole', 'full'],
    ]);
    const { config } = studio.runs.get('first');
    expect(config.optimizer.learningRate).toBe(0.003);
    expect(config.augmentation.colorJitter).toBe(0.2);
    expect(studio.runs.get('interrupted').config.optimizer.clipNorm).toBe(0.5);
  });

  it('has adapters that say what they said then', async () => {
    const [then] = studio.evaluations.list();
    const { evaluation } = await studio.evaluations.evaluate('first', {
      dataset: 'birds',
      split: 'val',
    });
    expect(evaluation.top1).toBe(then?.evaluation.top1);
    expect(evaluation.loss).toBeCloseTo(then?.evaluation.loss ?? NaN, 4);
  });

  it.each(['first', 'probe', 'whole'])('merges its adapter %s, verified', async (name) => {
    const { verification } = await studio.merging.merge(name);
    expect(verification.images).toBeGreaterThan(0);
    expect(verification.top1Agreement).toBe(1);
  });

  it('goes on with a run that was interrupted, and with one that had ended', async () => {
    const { run } = await studio.scheduler.train('interrupted', { resume: true });
    // Its first session was not counted.
    expect(run).toMatchObject({ state: 'done', step: 20, activeSeconds: null });
    await studio.runs.extend('first', 1);
    const more = await studio.scheduler.train('first', { resume: true });
    expect(more.run).toMatchObject({ state: 'done', step: 20 });
    expect(more.adapter.name).not.toBe('first');
    expect(studio.adapters.list()).toHaveLength(5);
  });
});
