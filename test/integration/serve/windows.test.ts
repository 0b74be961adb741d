import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Windows } from '../../../main/host/serve/windows.ts';
import type { StudioServer } from '../../../main/host/serve/server.ts';
import { builtPages, FakeDispatcher, logIn, serveFake, TestWindow } from './support.ts';
import { eventually } from '../../fixtures/eventually.ts';

let server: StudioServer;
let api: FakeDispatcher;
let pages: { folder: string; remove: () => void };
let own: { origin: string; headers: Record<string, string> };

beforeAll(async () => {
  pages = builtPages();
  ({ server, api } = await serveFake(pages.folder));
  own = { origin: `http://127.0.0.1:${server.port}`, headers: await logIn(server) };
});
afterAll(async () => {
  await server.close();
  pages.remove();
});

const open = () => new TestWindow(server.port, own).opened();

describe('a window', () => {
  it('gets an answer to each call by its number, refusals too', async () => {
    const window = await open();
    window.call(1, 'runs.list', { a: [1, 'ü'] });
    window.call(2, 'fail');
    await eventually(() => expect(window.replies).toHaveLength(2));
    expect(window.replies.toSorted((a, b) => (a.type < b.type ? -1 : 1))).toEqual([
      { type: 'answer', id: 1, output: { procedure: 'runs.list', input: { a: [1, 'ü'] } } },
      {
        type: 'refusal',
        id: 2,
        error: { code: 'not-found', message: 'There is no such thing.', hint: 'Look elsewhere.' },
      },
    ]);
    window.socket.close();
  });

  it('is told of events, and so is every other', async () => {
    const [a, b] = [await open(), await open()];
    api.announcer.emit('library', { part: 'runs', id: 'run-1' });
    const event = { type: 'event', event: 'library', payload: { part: 'runs', id: 'run-1' } };
    await eventually(() => expect([a.replies, b.replies]).toEqual([[event], [event]]));
    a.socket.close();
    await a.closed();
    api.announcer.emit('navigate', { to: '/runs' });
    await eventually(() => expect(b.replies).toHaveLength(2));
    expect(a.replies).toHaveLength(1);
    b.socket.close();
  });

  it('may open at localhost as well, where that is its page', async () => {
    const host = `localhost:${server.port}`;
    const window = new TestWindow(server.port, {
      origin: `http://${host}`,
      headers: { ...own.headers, host },
    });
    await window.opened();
    window.socket.close();
  });

  it('is only at its own place', async () => {
    expect(await new TestWindow(server.port, own, '/other').refused()).toBe(404);
  });

  it('takes a picture of 40 MB, and is closed for a larger message', async () => {
    const window = await open();
    window.call(1, 'uploads.add', { base64: 'A'.repeat(56_000_000) });
    await eventually(() => expect(window.replies).toHaveLength(1));
    const closed = window.closed();
    window.socket.on('error', () => undefined);
    window.socket.send('A'.repeat(65 * 2 ** 20));
    expect([1006, 1009]).toContain(await closed);
  });

  it.each([
    ['not JSON', 'hello', 1008],
    ['no call', '{"type":"answer","id":1}', 1008],
    [
      'a call with more than belongs to it',
      '{"type":"call","id":1,"procedure":"x","input":{},"y":1}',
      1008,
    ],
    ['a number that is none', '{"type":"call","id":"1","procedure":"x","input":{}}', 1008],
    ['bytes', Buffer.from('{}'), 1003],
  ])('that says %s is closed', async (_what, message, code) => {
    const window = await open();
    const closed = window.closed();
    window.socket.send(message);
    expect(await closed).toBe(code);
  });
});

describe('windows at their limits', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    vi.useRealTimers();
    for (const close of closing.splice(0)) await close();
  });

  /** `Windows` on a bare server, with access to the host's end of each connection. */
  async function bare(heartbeatMs?: number) {
    const fake = new FakeDispatcher();
    const windows = new Windows(fake, heartbeatMs);
    const http = createServer();
    const sockets = new WebSocketServer({ server: http });
    const ends: WebSocket[] = [];
    sockets.on('connection', (socket) => {
      ends.push(socket);
      windows.add(socket);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      await windows.close();
      sockets.close();
      http.close();
    });
    const { port } = http.address() as AddressInfo;
    return { fake, windows, ends, connect: () => new TestWindow(port).opened() };
  }

  const progress = (done: number) =>
    ({
      runId: 'run-1',
      progress: {
        phase: 'training',
        done,
        total: 9,
        secondsLeft: 1,
        imagesPerSecond: 1,
        activeSeconds: 1,
      },
    }) as const;

  it('that lag are spared what the next event says anew, and nothing else', async () => {
    const { fake, ends, connect } = await bare();
    const window = await connect();
    vi.spyOn(ends[0]!, 'bufferedAmount', 'get').mockReturnValue(2 * 2 ** 20);
    fake.announcer.emit('runProgress', progress(1));
    fake.announcer.emit('navigate', { to: '/a' });
    vi.restoreAllMocks();
    fake.announcer.emit('runProgress', progress(2));
    await eventually(() => expect(window.replies).toHaveLength(2));
    expect(window.replies).toMatchObject([{ event: 'navigate' }, { payload: progress(2) }]);
  });

  it('that take nothing any more are cut off', async () => {
    const { fake, windows, ends, connect } = await bare();
    const window = await connect();
    const closed = window.closed();
    vi.spyOn(ends[0]!, 'bufferedAmount', 'get').mockReturnValue(65 * 2 ** 20);
    fake.announcer.emit('navigate', { to: '/a' });
    expect(await closed).toBe(1006);
    await eventually(() => expect(windows.count).toBe(0));
  });

  it('that do not answer the heartbeat are cut off, and those that do are not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { windows, ends, connect } = await bare(1000);
    const [alive, dead] = [await connect(), await connect()];
    // Simulates a sleeping machine: its socket stays open but is not read.
    dead.socket.pause();
    const answered = once(ends[0]!, 'pong');
    vi.advanceTimersByTime(1000);
    await answered;
    expect(windows.count).toBe(2);
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    await eventually(() => expect(windows.count).toBe(1));
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    dead.socket.terminate();
  });

  it('that ask and read nothing are held up: few answers are made, and the rest when they read', async () => {
    const { fake, ends, connect } = await bare();
    // Each answer is one megabyte, so that the operating system's socket buffers fill quickly.
    const answer = 'a'.repeat(2 ** 20);
    let made = 0;
    fake.call = () => Promise.resolve(`${answer}${String(++made)}`);
    const window = await connect();
    window.socket.pause();
    const asked = 300;
    for (let id = 0; id < asked; id++) window.call(id, 'runs.list');
    // Only the calls in progress and those that fit into the socket buffers are answered, far from
    // all.
    await eventually(() => expect(ends[0]?.isPaused).toBe(true));
    let before = -1;
    await eventually(() => {
      const now = made;
      const still = now === before;
      before = now;
      expect(still).toBe(true);
    });
    expect(made).toBeLessThan(asked / 2);
    expect(ends[0]?.bufferedAmount).toBeLessThan(20 * 2 ** 20);
    window.socket.resume();
    await eventually(() => expect(window.replies).toHaveLength(asked));
    expect(made).toBe(asked);
  });

  it('have few calls worked on at once, and all of them in the end', async () => {
    const { fake, connect } = await bare();
    const ends: (() => void)[] = [];
    let most = 0;
    fake.call = async () => {
      most = Math.max(most, ends.length + 1);
      await new Promise<void>((resolve) => ends.push(resolve));
      return {};
    };
    const window = await connect();
    for (let id = 0; id < 100; id++) window.call(id, 'runs.list');
    await eventually(() => expect(ends).toHaveLength(16));
    await eventually(() => {
      for (const end of ends.splice(0)) end();
      expect(window.replies).toHaveLength(100);
    });
    expect(most).toBe(16);
  });

  it('are told that the studio ends', async () => {
    const { windows, connect } = await bare();
    const window = await connect();
    const closed = window.closed();
    await windows.close();
    expect(await closed).toBe(1001);
  });
});
