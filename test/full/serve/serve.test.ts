import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { start, workplace, type Running } from '../../integration/cli/karst.ts';
import { ask, builtPages, logIn } from '../../integration/serve/support.ts';

/**
 * A served studio under loads that no browser causes: clients that hold connections, and clients
 * that send calls without reading the answers.
 */

const CONNECTIONS = 300;
const DRIP_MS = 3_000;
const WINDOWS = 20;
const CALLS = 1_000;
const FILES = 200;
const NAME = 200;
/**
 * Calls of one window in progress at the same time, and copies of an answer in flight: text, bytes,
 * and what the system has not yet accepted.
 */
const UNDER_WAY = 16;
const COPIES = 4;
/** Memory growth unrelated to the calls: compiled code and delayed garbage collection. */
const SLACK = 256 * 2 ** 20;

const PATIENCE = { timeout: 600_000, interval: 500 };

let place: Awaited<ReturnType<typeof workplace>>;
let listed: string;
let served: Running & { url: string; port: number };
let cookie: string;
const pages = builtPages();

beforeAll(async () => {
  place = await workplace();
  listed = path.join(place.folder, 'files');
  mkdirSync(listed);
  for (let i = 0; i < FILES; i++)
    writeFileSync(path.join(listed, `${String(i)}-${'n'.repeat(NAME)}.png`), '');
  const home = path.join(place.folder, 'home');
  const running = start(['serve', '--home', home, '--json'], { KARST_PAGES: pages.folder });
  const line = await running.line((text) => text.includes('"serving"'));
  served = { ...running, ...(JSON.parse(line) as { url: string; port: number }) };
  cookie = (await logIn(served))['cookie'] ?? '';
});
afterAll(async () => {
  served.interrupt();
  await served.outcome;
  await place.remove();
  pages.remove();
});

const page = async (): Promise<number> =>
  (await ask(served.port, '/', { headers: { cookie } })).status;

/** Process id of the server: the launcher itself, or its child process. */
function host(): number {
  const { pid = 0 } = served;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return children === '' ? pid : Number(children.split(' ')[0]);
}

function memory(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${String(host())}/status`, 'latin1');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}

const tell = (line: string): void => void process.stdout.write(`serve: ${line}\n`);

describe('a served studio', () => {
  it('closes connections that send a byte of their request every three seconds', async () => {
    const began = performance.now();
    const drip = (): Socket => {
      const socket = connect(served.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nX-');
      socket.resume();
      return socket;
    };
    const sockets = Array.from({ length: CONNECTIONS }, drip);
    const ends = sockets.map((socket) => once(socket, 'close'));
    const drips = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a');
    }, DRIP_MS);
    await Promise.all(ends);
    clearInterval(drips);
    tell(`${CONNECTIONS} slow connections closed in ${seconds(began)} s`);
    await vi.waitFor(async () => expect(await page()).toBe(200), PATIENCE);
  });

  it.runIf(process.platform === 'linux')(
    'holds up windows that ask and read nothing, and answers everything to one that reads again',
    async () => {
      const call = JSON.stringify({ folder: listed, extensions: ['.png'] });
      const windows = await Promise.all(Array.from({ length: WINDOWS }, openWindow));
      const [first] = windows;
      if (first === undefined) throw new Error('no window');
      first.ask(1, call);
      await vi.waitFor(() => expect(first.answers).toBe(1), PATIENCE);
      const answer = first.bytes;
      expect(answer).toBeGreaterThan(FILES * NAME);

      const before = memory('VmRSS');
      for (const { socket } of windows) socket.pause();
      for (let i = 0; i < CALLS; i++) for (const window of windows) window.ask(2 + i, call);
      // The host is idle once its CPU time no longer grows.
      let spent = -1;
      await vi.waitFor(() => {
        const [last, now] = [spent, ticks()];
        spent = now;
        expect(now).toBe(last);
      }, PATIENCE);
      const grown = memory('VmHWM') - before;
      expect(grown).toBeLessThan(WINDOWS * UNDER_WAY * answer * COPIES + SLACK);
      expect(await page()).toBe(200);

      const made = WINDOWS * CALLS * answer;
      tell(
        `${WINDOWS} windows × ${CALLS} calls unread: ${mib(grown)} MiB more at most, of ${mib(made)} MiB of answers`,
      );
      for (const { socket } of windows.slice(1)) socket.terminate();
      first.socket.resume();
      await vi.waitFor(() => expect(first.answers).toBe(1 + CALLS), PATIENCE);
      first.socket.close();
    },
  );
});

interface Asking {
  readonly socket: WebSocket;
  answers: number;
  bytes: number;
  ask(id: number, input: string): void;
}

/** A window that counts its answers without keeping them. */
async function openWindow(): Promise<Asking> {
  const origin = `http://127.0.0.1:${served.port}`;
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}/bridge`, {
    origin,
    headers: { cookie },
  });
  const window: Asking = {
    socket,
    answers: 0,
    bytes: 0,
    ask: (id, input) =>
      socket.send(`{"type":"call","id":${id},"procedure":"files.list","input":${input}}`),
  };
  socket.on('message', (data: Buffer) => {
    if (data.subarray(0, 20).toString('latin1').includes('"answer"')) {
      window.answers++;
      window.bytes += data.length;
    }
  });
  await once(socket, 'open');
  return window;
}

/** CPU time of the host in ticks. */
function ticks(): number {
  const stat = readFileSync(`/proc/${String(host())}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
