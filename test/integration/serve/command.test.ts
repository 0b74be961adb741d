import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import {
  karst,
  LAUNCHER,
  refusal,
  someDigits,
  start,
  workplace,
  type Running,
} from '../cli/karst.ts';
import { ask, builtPages, PAGE, TestWindow } from './support.ts';

let folder: string;
let home: string;
let remove: () => Promise<void>;
/** Pages created by the test, so that the renderer need not be built. */
const pages = builtPages();
const env = { KARST_PAGES: pages.folder };
const LONG = { timeout: 240_000, interval: 100 };

beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
});
afterAll(async () => {
  await remove();
  pages.remove();
});

interface Served extends Running {
  readonly url: string;
  readonly port: number;
}

async function serve(args: readonly string[] = [], environment = env): Promise<Served> {
  const running = start(['serve', '--home', home, '--json', ...args], environment);
  const line = await running.line((text) => text.includes('"serving"'));
  return { ...running, ...(JSON.parse(line) as { url: string; port: number }) };
}

/** Opens a window of a served studio and matches replies to its calls. */
async function openWindow({ url, port }: Served) {
  const { pathname, search } = new URL(url);
  const entry = await ask(port, pathname + search);
  const cookie = entry.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const origin = `http://127.0.0.1:${port}`;
  const window = await new TestWindow(port, { origin, headers: { cookie } }).opened();
  let id = 0;
  const call = async <T>(procedure: string, input: unknown = {}): Promise<T> => {
    const own = ++id;
    window.call(own, procedure, input);
    const reply = await vi.waitFor(() => {
      const found = window.replies.find((one) => one.type !== 'event' && one.id === own);
      expect(found).toBeDefined();
      return found!;
    }, LONG);
    if (reply.type !== 'answer') throw new Error(JSON.stringify(reply));
    return reply.output as T;
  };
  /** Runs a task and returns its result once it has ended. */
  const done = async (procedure: string, input: unknown) => {
    const { id: task } = await call<Task>(procedure, input);
    return vi.waitFor(async () => {
      const mine = (await call<Task[]>('tasks.list')).find((one) => one.id === task);
      expect(mine?.state, JSON.stringify(mine)).toBe('done');
      return mine!.result!;
    }, LONG);
  };
  const runUntil = (run: string, holds: (view: RunView) => boolean) =>
    vi.waitFor(async () => {
      const view = await call<RunView>('runs.get', { id: run });
      expect(holds(view), JSON.stringify([view.state, view.step, view.error])).toBe(true);
      return view;
    }, LONG);
  return { call, done, runUntil, window, page: () => ask(port, '/', { headers: { cookie } }) };
}

describe('karst serve', () => {
  it('serves page and bridge, and ends with Ctrl-C', async () => {
    const served = await serve();
    expect(new URL(served.url).hostname).toBe('127.0.0.1');
    const { call, page, window } = await openWindow(served);
    expect(await call('system.status')).toMatchObject({ home, interrupted: [] });
    expect(await call('shell.info')).toMatchObject({ kind: 'browser' });
    const { status, body } = await page();
    expect([status, body.toString()]).toEqual([200, PAGE]);

    const taken = await refusal(['serve', '--home', home, '--port', String(served.port)], env);
    expect(taken).toMatchObject({ exit: 1, code: 'in-use' });

    const closed = window.closed();
    served.interrupt();
    const { code, out, error } = await served.outcome;
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n').at(-1)).toBe('{"event":"ended"}');
    expect(error).toContain('a training is interrupted after a checkpoint');
    expect(await closed).toBe(1001);
  });

  it('ends when the process that handed over to it is killed', async () => {
    const args = ['serve', '--home', home, '--json'];
    const child = fork(LAUNCHER, args, { env: { ...process.env, ...env }, silent: true });
    const said = child.stdout?.setEncoding('utf8');
    if (said === undefined) throw new Error('it has no output');
    const lines = createInterface({ input: said });
    await once(lines, 'line');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says the address to people, and takes the port that is asked for', async () => {
    const free = await serve();
    free.interrupt();
    await free.outcome;
    const running = start(['serve', '--home', home, '--port', String(free.port)], env);
    const line = await running.line((text) => text.includes('http://'));
    expect(line).toMatch(new RegExp(`^  http://127\\.0\\.0\\.1:${free.port}/\\?token=[\\w-]{43}$`));
    running.interrupt();
    expect((await running.outcome).out).toContain(`Its data are in ${home}. Ctrl-C ends it.`);
  });

  it.each(['65536', '-1', 'http', '1.5'])('refuses the port %s', async (port) => {
    expect(await refusal(['serve', '--port', port])).toMatchObject({ exit: 2, code: 'usage' });
  });

  it('refuses a home that cannot be one', async () => {
    const file = path.join(folder, 'a-file');
    writeFileSync(file, 'not a folder');
    const outcome = await karst(['serve', '--home', file], env);
    expect([outcome.code, outcome.out]).toEqual([1, '']);
    expect(outcome.error).toContain(file);
  });

  it.runIf(process.platform === 'linux')(
    'opens the browser with an address that is good for once, and says when there is none',
    async () => {
      const bin = path.join(folder, 'bin');
      const opened = path.join(folder, 'opened');
      mkdirSync(bin);
      const script = `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`;
      writeFileSync(path.join(bin, 'xdg-open'), script, { mode: 0o755 });
      const withOpener = { ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
      const served = await serve(['--open'], withOpener);
      const address = await vi.waitFor(() => readFileSync(opened, 'utf8'), LONG);
      expect(address).not.toBe(served.url);
      const { pathname, search } = new URL(address);
      expect((await ask(served.port, pathname + search)).status).toBe(303);
      expect((await ask(served.port, pathname + search)).status).toBe(403);
      served.interrupt();
      expect((await served.outcome).error).not.toContain('No browser');

      writeFileSync(path.join(bin, 'xdg-open'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
      const without = await serve(['--open'], withOpener);
      await without.line((line) => line.includes('No browser'), 'error');
      without.interrupt();
      const { error, code } = await without.outcome;
      expect(error).toContain('No browser could be opened (xdg-open ended with 3)');
      expect(code).toBe(0);
    },
  );

  it('refuses pages that are none', async () => {
    const nowhere = { KARST_PAGES: path.join(folder, 'nowhere') };
    const error = await refusal(['serve', '--home', home], nowhere);
    expect(error).toMatchObject({ exit: 1, code: 'not-found', path: nowhere.KARST_PAGES });
  });

  it(
    'interrupts a training at its end, and continues it at the next start',
    { timeout: 900_000 },
    async () => {
      const images = path.join(folder, 'digits');
      someDigits(images, 3, 20);
      const weights = await writeTinyBackbone(path.join(folder, 'tiny'));
      const first = await serve();
      const one = await openWindow(first);
      const { datasetId } = (await one.done('datasets.import', {
        ...{ path: images, name: 'some', val: 0.25, test: 0, seed: 0, projectId: null },
      })) as { datasetId: string };
      const { backboneId } = (await one.done('backbones.add', {
        ...{ path: path.dirname(weights), name: 'tiny', said: {} },
      })) as { backboneId: string };
      const { id } = await one.call<RunView>('runs.create', {
        ...{ backboneId, datasetId, projectId: null, name: 'long' },
        config: {
          ...TRAINING_DEFAULTS,
          batchSize: 15,
          // Longer than the test timeout, in case it is not suspended.
          schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 20_000 },
        },
      });
      await one.runUntil(id, (run) => run.state === 'running' && run.step > 3);
      expect(one.window.replies.some((r) => r.type === 'event' && r.event === 'metrics')).toBe(
        true,
      );
      first.interrupt();
      expect((await first.outcome).code).toBe(0);

      const second = await serve();
      const two = await openWindow(second);
      const left = await two.call<RunView>('runs.get', { id });
      expect(left.checkpointStep).toBeGreaterThan(3);
      await two.runUntil(
        id,
        (run) => run.state === 'running' && run.step > (left.checkpointStep ?? 0),
      );
      expect(await two.call('system.status')).toMatchObject({ interrupted: [] });
      await two.call('runs.stop', { id });
      const ended = await two.runUntil(id, (run) => run.state === 'stopped');
      expect(ended.adapterId).not.toBeNull();
      const steps = (await two.call<{ step: number }[]>('runs.metrics', { id, afterStep: 0 })).map(
        ({ step }) => step,
      );
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      second.interrupt();
      expect((await second.outcome).code).toBe(0);
    },
  );
});
