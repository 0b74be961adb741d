import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { HostProcess } from '../../../main/electron/host-process.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

const ENTRY = fileURLToPath(new URL('../../fixtures/fake-host.mjs', import.meta.url));
const started: HostProcess[] = [];

/** Starts a host whose behaviour is selected by the name of its home, and records its events. */
function host(home: string, env: Readonly<Record<string, string | undefined>> = process.env) {
  const events: [string, unknown][] = [];
  const reasons: string[] = [];
  let tellGone = (): void => {};
  let tellReady = (): void => {};
  const gone = new Promise<void>((resolve) => (tellGone = resolve));
  const ready = new Promise<void>((resolve) => (tellReady = resolve));
  const process_ = new HostProcess(
    { node: process.execPath, entry: ENTRY, home, env },
    {
      ready: () => tellReady(),
      event: (event, payload) => events.push([event, payload]),
      gone: (reason) => {
        reasons.push(reason);
        tellGone();
      },
    },
  );
  started.push(process_);
  process_.start();
  return { process: process_, events, reasons, gone, ready };
}

function refusal(work: Promise<unknown>): Promise<KarstError> {
  return work.then(
    () => {
      throw new Error('It was answered.');
    },
    (error: unknown) => {
      if (error instanceof KarstError) return error;
      throw error;
    },
  );
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.close()));
});

describe('the host as a child process', () => {
  it('answers each call with its own answer, whatever the order', async () => {
    const { process: one } = host('plain');
    const late = one.relay('late', {});
    expect(await one.relay('echo', { a: 1 })).toEqual({ a: 1 });
    expect(await late).toBe('late');
  });

  it('refuses what cannot be sent with a sentence, and goes on', async () => {
    const { process: one } = host('plain');
    const ring: unknown[] = [];
    ring.push(ring);
    for (const input of [ring, { count: 10n }]) {
      const error = await refusal(one.relay('runs.list', input));
      expect([error.code, error.message]).toEqual([
        'usage',
        'runs.list: the input cannot be written as JSON.',
      ]);
    }
    expect(await one.relay('echo', 1)).toBe(1);
  });

  it('runs it with what Node compiled for earlier ones, wherever the user keeps that', async () => {
    const env = { ...process.env };
    delete env['NODE_COMPILE_CACHE'];
    const cache = mkdtempSync(join(tmpdir(), 'karst-cache-'));
    const { process: one } = host('plain', { ...env, KARST_CACHE: cache });
    expect(await one.relay('environment', 'NODE_COMPILE_CACHE')).toBe(join(cache, 'node'));
    const own = join(cache, 'own');
    const { process: other } = host('plain', { ...env, NODE_COMPILE_CACHE: own });
    expect(await other.relay('environment', 'NODE_COMPILE_CACHE')).toBe(own);
    await Promise.all([one.close(), other.close()]);
    rmSync(cache, { recursive: true });
  });

  it('passes on refusals, pictures and events', async () => {
    const { process: one, events, ready } = host('plain');
    const error = await refusal(one.relay('refuse', {}));
    expect(error.toReport()).toEqual({
      code: 'not-found',
      message: 'There is none.',
      hint: '',
      path: '/a',
    });
    const { bytes, contentType } = await one.picture('d.a.1', 64);
    expect([bytes.toString(), contentType]).toEqual(['d.a.1 64', 'image/webp']);
    await ready;
    expect(events).toEqual([['library', { part: 'runs', id: null }]]);
  });

  it('tells of a message that is not as agreed, and goes on', async () => {
    const { process: one, events } = host('chatty');
    expect(await one.relay('echo', 1)).toBe(1);
    expect(events.map(([name]) => name)).toEqual(['library', 'notice']);
    expect(events[1]![1]).toMatchObject({ level: 'error', error: { code: 'internal' } });
  });

  it('refuses what waits when it is gone, says how it ended, and starts anew', async () => {
    const { process: one, reasons, gone } = host('plain');
    const waiting = refusal(one.relay('late', {}));
    const killing = refusal(one.relay('die', {}));
    const { code, message } = await waiting;
    expect([code, (await killing).message]).toEqual(['not-available', message]);
    await gone;
    expect(reasons).toEqual([message]);
    expect(message).toContain('SIGKILL');
    expect(one.running).toBe(false);
    expect((await refusal(one.relay('echo', 1))).message).toBe(message);
    one.start();
    expect(await one.relay('echo', 2)).toBe(2);
  });

  it('says why the library cannot be opened', async () => {
    const { process: one, reasons, gone } = host('damaged');
    const error = await refusal(one.relay('echo', 1));
    expect([error.code, error.message]).toEqual(['store-damaged', 'The library is damaged.']);
    await gone;
    expect(reasons).toEqual(['The library is damaged.']);
  });

  it('names the error of a host that does not start', async () => {
    const { reasons, gone } = host('crash');
    await gone;
    expect(reasons[0]).toContain('TypeError: it cannot start');
  });

  it('ends in order when it is closed, and tells nobody that it is gone', async () => {
    const { process: one, reasons, ready } = host('plain');
    await ready;
    await one.close();
    expect([one.running, reasons]).toEqual([false, []]);
    await one.close();
  });

  it('says that a Node that is not there cannot be started', async () => {
    const reasons: string[] = [];
    const one = new HostProcess(
      { node: '/nowhere/node', entry: ENTRY, home: 'plain', env: {} },
      { ready: () => {}, event: () => {}, gone: (reason) => reasons.push(reason) },
    );
    one.start();
    expect((await refusal(one.relay('echo', 1))).message).toContain('ENOENT');
    expect(reasons).toHaveLength(1);
  });
});
