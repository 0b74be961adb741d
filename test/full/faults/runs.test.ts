import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHomes } from '../../fixtures/faults/kill-homes.ts';
import { halfVisible, KillPlace } from '../../fixtures/faults/kill-place.ts';
import {
  buildKillPoint,
  isStopped,
  killingAt,
  type Outcome,
} from '../../fixtures/faults/kill-point.ts';
import { SCENARIOS, type Sources } from '../../fixtures/faults/kill-scenarios.ts';

/**
 * Several processes compete for one run: exactly one gets it, and its result equals the undisturbed
 * one.
 */

const training = SCENARIOS.find(({ name }) => name === 'train')!;
const refusal = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

let folder = '';
let library = '';
let sources: Sources = { backbone: '', images: '', packed: '' };
let undisturbed = '';

const newPlace = (name: string): KillPlace =>
  new KillPlace(join(folder, name), join(folder, 'home-sources'), environment());
const environment = (): NodeJS.ProcessEnv => ({
  KARST_BACKEND: 'tfjs-cpu',
  KARST_CACHE: join(folder, 'cache'),
});

/** The error code; null if the command succeeded. */
const codeOf = ({ code, out }: Outcome): string | null =>
  code === 0
    ? null
    : v.parse(refusal, JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).error.code;

/** Kills a training right after its first complete checkpoint. */
const afterCheckpoint = (place: KillPlace): NodeJS.ProcessEnv =>
  killingAt(library, {
    point: 'after-rename',
    path: `^${place.root.replaceAll('.', '[.]')}/home/runs/[^/]*/checkpoints/step-[0-9]+$`,
    turn: 1,
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-runs-'));
  library = buildKillPoint(folder);
  sources = await makeHomes(folder, environment());
  undisturbed = await training.goOn(newPlace('undisturbed'), sources);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a run', () => {
  it('that is stopped by SIGSTOP is nobody else’s, and goes on to its own end', async () => {
    const place = newPlace('stopped');
    const env = { ...afterCheckpoint(place), KARST_KILL_STOP: '1' };
    const { pid, outcome } = place.start(training.args(place, sources), env);
    try {
      expect(await isStopped(pid)).toBe(true);
      expect(codeOf(await place.karst(['runs', 'resume', 'own']))).toBe('run-state');
    } finally {
      process.kill(-pid, 'SIGCONT');
    }
    expect(codeOf(await outcome)).toBe(null);
    expect(await training.goOn(place, sources)).toBe(undisturbed);
    expect(await halfVisible(place)).toEqual([]);
  });

  it('that three resume at once is resumed by exactly one', async () => {
    const place = newPlace('three');
    const { killed } = await place.karst(training.args(place, sources), afterCheckpoint(place));
    expect(killed).toBe(true);
    const resumed = await Promise.all([1, 2, 3].map(() => place.karst(['runs', 'resume', 'own'])));
    expect(resumed.map(codeOf).sort()).toEqual([null, 'run-state', 'run-state'].sort());
    expect(await training.goOn(place, sources)).toBe(undisturbed);
    expect(await halfVisible(place)).toEqual([]);
  });
});
