import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../main/engine/random.ts';
import { contentOf, halfVisible, KillPlace } from '../../fixtures/faults/kill-place.ts';
import {
  buildKillPoint,
  CALLS,
  callOf,
  KILL_POINTS,
  killingAt,
  readTrace,
  tracingTo,
  turnsOf,
  type Killing,
  type KillPoint,
  type TracedCall,
} from '../../fixtures/faults/kill-point.ts';
import { makeHomes } from '../../fixtures/faults/kill-homes.ts';
import { SCENARIOS, type Scenario, type Sources } from '../../fixtures/faults/kill-scenarios.ts';
import { scaled, Tally } from '../../fixtures/faults/tally.ts';
import { partOptions } from '../../parts.mjs';

/**
 * Kills commands, as by a power cut, at every named point and at moments drawn from the seed.
 * Afterwards: no incomplete artefact is visible, repeating or resuming the command gives the
 * undisturbed result bit for bit, the user's files are unchanged, no files are in unexpected
 * places, and temporary files are removed.
 */

const { seed, minutes } = partOptions();
const LEAST = scaled(40, minutes);
const named = SCENARIOS.flatMap((scenario) =>
  scenario.points.map((point) => ({ scenario, point })),
);
const tally = new Tally({
  ...Object.fromEntries(named.map(({ scenario, point }) => [`${scenario.name}: ${point}`, 1])),
  'at a drawn moment': Math.max(1, scaled(20, minutes)),
});

let folder = '';
let library = '';
let sources: Sources = { backbone: '', images: '', packed: '' };
let before = '';
/** Undisturbed result and traced calls of each scenario. */
const undisturbed = new Map<string, { result: string; calls: readonly TracedCall[] }>();
let number = 0;

const environment = (): NodeJS.ProcessEnv => ({
  KARST_BACKEND: 'tfjs-cpu',
  KARST_CACHE: join(folder, 'cache'),
});

function newPlace(from: Scenario['from']): KillPlace {
  const template = from === 'nothing' ? null : join(folder, `home-${from}`);
  return new KillPlace(join(folder, `case-${String(++number)}`), template, environment());
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-kills-'));
  library = buildKillPoint(folder);
  sources = await makeHomes(folder, environment());
  before = contentOf(join(folder, 'sources'));
  for (const scenario of SCENARIOS) {
    const place = newPlace(scenario.from);
    const file = join(folder, `trace-${String(number)}`);
    const args = scenario.args(place, sources);
    const { code, out, error } = await place.karst(args, tracingTo(library, file));
    if (code !== 0) throw new Error(`${scenario.name} undisturbed: ${out}${error}`);
    const calls = readTrace(file)
      .filter(({ path }) => path.startsWith(`${place.root}/`))
      .map((call) => ({ ...call, path: call.path.slice(place.root.length) }));
    undisturbed.set(scenario.name, { result: await scenario.goOn(place, sources), calls });
    expect(await halfVisible(place)).toEqual([]);
    expect([place.strays(), place.leftovers()]).toEqual([[], []]);
    rmSync(place.root, { recursive: true });
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Kills a scenario's command at one call and checks all guarantees. Returns false if the command
 * ended before that call.
 */
async function kill(scenario: Scenario, killing: Killing): Promise<boolean> {
  const place = newPlace(scenario.from);
  const path = killing.path.replace('^', `^${place.root.replaceAll('.', '[.]')}`);
  const args = scenario.args(place, sources);
  const { killed, code, out, error } = await place.karst(
    args,
    killingAt(library, { ...killing, path }),
  );
  const how = `${scenario.name}, ${killing.point} ${String(killing.turn)} of ${killing.path}`;
  if (!killed) {
    expect(code, `${how}: ${out}${error}`).toBe(0);
    rmSync(place.root, { recursive: true });
    return false;
  }
  expect(await halfVisible(place), how).toEqual([]);
  const result = await scenario.goOn(place, sources);
  expect(result, how).toBe(undisturbed.get(scenario.name)?.result);
  expect(await halfVisible(place), how).toEqual([]);
  expect(contentOf(join(folder, 'sources')), how).toBe(before);
  expect({ strays: place.strays(), leftovers: place.leftovers() }, how).toEqual({
    strays: [],
    leftovers: [],
  });
  rmSync(place.root, { recursive: true });
  return true;
}

describe(`kills (seed ${String(seed)})`, () => {
  const started = Date.now();

  it.each(named.map(({ scenario, point }) => [scenario.name, point, scenario] as const))(
    '%s: %s',
    async (name, point, scenario) => {
      const calls = undisturbed.get(name)?.calls ?? [];
      const turns = turnsOf(calls, callOf(point), new RegExp(scenario.path));
      expect(turns, 'the command makes no such call').toBeGreaterThan(0);
      const turn = 1 + randomStream(seed, name, point).integer(turns);
      const killing = { point, path: scenario.path, turn };
      // Calls are spread over threads, so a run may make fewer than the traced one; the first call
      // always occurs.
      const reached =
        (await kill(scenario, killing)) || (await kill(scenario, { ...killing, turn: 1 }));
      expect(reached).toBe(true);
      tally.count(`${name}: ${point}`);
    },
  );

  it('at drawn moments, until the time is up', async () => {
    const stream = randomStream(seed, 'moments');
    const until = started + minutes * 60_000;
    while (
      Date.now() < until ||
      tally.total < LEAST ||
      tally.of('at a drawn moment') < scaled(20, minutes)
    ) {
      const scenario = SCENARIOS[stream.integer(SCENARIOS.length)]!;
      const calls = undisturbed.get(scenario.name)?.calls ?? [];
      const call = CALLS[stream.integer(CALLS.length)]!;
      const points = KILL_POINTS.filter((one) => callOf(one) === call);
      const point: KillPoint = points[stream.integer(points.length)]!;
      const turns = turnsOf(calls, call, /^/);
      if (turns === 0) continue;
      const killing = { point, path: '^/', turn: 1 + stream.integer(turns) };
      if (await kill(scenario, killing)) tally.count('at a drawn moment');
    }
  });

  it('were enough', () => {
    process.stdout.write(`\n${tally.table('kills')}\n`);
    expect(tally.shortfalls()).toEqual([]);
    expect(tally.total).toBeGreaterThanOrEqual(LEAST);
  });
});
