import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  builtPages,
  logIn,
  PAGE,
  serveFake,
  TestWindow,
  type FakeDispatcher,
} from './support.ts';
import { eventually } from '../../fixtures/eventually.ts';
import type { StudioServer } from '../../../main/host/serve/server.ts';

let server: StudioServer;
let api: FakeDispatcher;
let pages: { folder: string; remove: () => void };
let cookie: Record<string, string>;
let host: string;
let origin: string;

beforeAll(async () => {
  pages = builtPages();
  ({ server, api } = await serveFake(pages.folder));
  cookie = await logIn(server);
  host = `127.0.0.1:${server.port}`;
  origin = `http://${host}`;
});
afterAll(async () => {
  await server.close();
  pages.remove();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  ask(server.port, path, { headers: { ...cookie, ...headers } });

describe('the token', () => {
  it('has 256 bits, and is another one every time', async () => {
    const token = new URL(server.url).searchParams.get('token') ?? '';
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const other = await serveFake(pages.folder);
    expect(new URL(other.server.url).searchParams.get('token')).not.toBe(token);
    // The other server's cookie is rejected here, even under this server's cookie name.
    const foreign = (await logIn(other.server))['cookie'] ?? '';
    await other.server.close();
    expect((await ask(server.port, '/', { headers: { cookie: foreign } })).status).toBe(403);
    const renamed = `karst-${server.port}=${foreign.split('=')[1] ?? ''}`;
    expect((await ask(server.port, '/', { headers: { cookie: renamed } })).status).toBe(403);
  });

  it('is taken out of the address at the first visit, and gives a cookie that scripts and other sites cannot use', async () => {
    const answer = await ask(
      server.port,
      `/?token=${new URL(server.url).searchParams.get('token')}`,
    );
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    expect(answer.headers['cache-control']).toBe('no-store');
    const [set = ''] = answer.headers['set-cookie'] ?? [];
    expect(set.split('; ').slice(1)).toEqual(['Path=/', 'HttpOnly', 'SameSite=Strict']);
    expect(set).not.toContain(new URL(server.url).searchParams.get('token'));
    const page = await ask(server.port, '/', { headers: { cookie: set.split(';')[0] ?? '' } });
    expect([page.status, page.body.toString()]).toEqual([200, PAGE]);
  });

  it('leads on by a page where a redirect would count as another site’s', async () => {
    const { pathname, search } = new URL(server.url);
    const answer = await ask(server.port, pathname + search, {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(answer.body.toString()).toContain('url=/"');
  });

  it.each(['', 'x', 'A'.repeat(43)])('that is wrong (%s) gives nothing', async (token) => {
    const answer = await ask(server.port, `/?token=${token}`);
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
    // A wrong token is rejected even with a valid session cookie.
    expect((await get(`/?token=${token}`)).status).toBe(403);
  });

  it('that is a pass opens once', async () => {
    const { pathname, search } = new URL(server.passUrl());
    expect((await ask(server.port, pathname + search)).status).toBe(303);
    expect((await ask(server.port, pathname + search)).status).toBe(403);
  });
});

describe('without the cookie', () => {
  it.each(['/', '/index.html', '/runs/1', '/assets/main-abc123.js', '/media/f.1', '/nothing.js'])(
    '%s is refused',
    async (path) => {
      const before = api.pictures.length;
      const answer = await ask(server.port, path);
      expect(answer.status).toBe(403);
      expect(answer.body.toString()).toContain('karst serve');
      expect(answer.body.toString()).not.toContain('studio</title>');
      expect(api.pictures).toHaveLength(before);
    },
  );

  it('a value that is near, or stands under another name, is refused', async () => {
    const [name = '', value = ''] = (cookie['cookie'] ?? '').split('=');
    const flipped = value.startsWith('A') ? `B${value.slice(1)}` : `A${value.slice(1)}`;
    for (const wrong of [`${name}=${flipped}`, `x${name}=${value}`, `${name}=${value}x`, name])
      expect((await ask(server.port, '/', { headers: { cookie: wrong } })).status).toBe(403);
    const among = `a=b; ${name}=old; ${name}=${value}; c`;
    expect((await ask(server.port, '/', { headers: { cookie: among } })).status).toBe(200);
  });

  it('a window is refused', async () => {
    expect(await new TestWindow(server.port, { origin }).refused()).toBe(403);
  });
});

describe('the host of a request', () => {
  it('may be the loopback address or localhost, with the port', async () => {
    expect((await get('/', { host })).status).toBe(200);
    expect((await get('/', { host: `localhost:${server.port}` })).status).toBe(200);
  });

  it.each([
    'evil.example',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:1',
    '127.0.0.2:PORT',
    'localhost.evil.example:PORT',
    '127.0.0.1.nip.io:PORT',
    'LOCALHOST:PORT.',
    '[::1]:PORT',
  ])('is refused when it is "%s", whatever else fits', async (name) => {
    const wrong = name.replace('PORT', String(server.port));
    const { search } = new URL(server.url);
    for (const path of ['/', `/${search}`, '/media/f.1']) {
      const answer = await get(path, { host: wrong, origin: `http://${wrong}` });
      expect(answer.status).toBe(403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    const headers = { ...cookie, host: wrong };
    const socket = new TestWindow(server.port, { origin: `http://${wrong}`, headers });
    expect(await socket.refused()).toBe(403);
  });
});

describe('another site', () => {
  it.each([
    'http://evil.example',
    'http://127.0.0.1:1',
    'http://localhost:PORT',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1:PORT.evil.example',
    'null',
  ])('cannot open a window from %s', async (name) => {
    const wrong = name.replace('PORT', String(server.port));
    const socket = new TestWindow(server.port, { origin: wrong, headers: cookie });
    expect(await socket.refused()).toBe(403);
  });

  it('cannot open one without an origin', async () => {
    expect(await new TestWindow(server.port, { headers: cookie }).refused()).toBe(403);
  });

  it('cannot embed pictures or scripts, but may have a link to the studio', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const image = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
      expect((await get('/media/f.1', image)).status).toBe(403);
      expect((await get('/assets/main-abc123.js', image)).status).toBe(403);
      const link = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
      expect((await get('/runs', link)).status).toBe(200);
    }
    const own = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' };
    expect((await get('/media/f.1', own)).status).toBe(200);
  });

  it('cannot post, and neither can the studio’s own page', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      for (const from of ['http://evil.example', undefined]) {
        const headers = from === undefined ? cookie : { ...cookie, origin: from };
        const answer = await ask(server.port, '/', { method, headers });
        expect(answer.status).toBe(403);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
      const own = await ask(server.port, '/', { method, headers: { ...cookie, origin } });
      expect([own.status, own.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
  });
});

describe('every answer', () => {
  it.each(['/', '/runs', '/assets/main-abc123.js', '/media/f.1', '/media/f.gone', '/no.js', '/%'])(
    '(%s) says that nothing else may load or frame it, and lets no other origin read it',
    async (path) => {
      for (const headers of [cookie, {}]) {
        const answer = await ask(server.port, path, { headers: { ...headers, origin } });
        const policy = String(answer.headers['content-security-policy']).split('; ');
        for (const part of [
          "default-src 'self'",
          "script-src 'self'",
          "style-src 'self' 'unsafe-inline'",
          "img-src 'self' blob: data:",
          "media-src 'self' blob:",
          `connect-src 'self' ws://${host}`,
          "frame-ancestors 'none'",
          "base-uri 'none'",
          "form-action 'none'",
        ])
          expect(policy).toContain(part);
        expect(answer.headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'x-frame-options': 'DENY',
        });
        expect(
          Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
        ).toEqual([]);
      }
    },
  );
});

describe('a connection', () => {
  /** Resolves when the socket closes, with or without an error. */
  const closed = (socket: Socket): Promise<void> =>
    new Promise((resolve) => socket.once('close', () => resolve()));

  /** Sends raw lines and returns the server's response up to the close. */
  const raw = async (lines: readonly string[]): Promise<string> => {
    const socket = connect(server.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (data: Buffer) => (heard += data.toString('latin1')));
    socket.end(`${lines.join('\r\n')}\r\n\r\n`);
    await once(socket, 'close');
    return heard;
  };

  it('with two hosts is refused, whatever they are', async () => {
    const login = `Cookie: ${cookie['cookie'] ?? ''}`;
    for (const [one, two] of [
      [host, 'evil.example'],
      [host, host],
      ['evil.example', host],
    ]) {
      const hosts = [`Host: ${one ?? ''}`, `Host: ${two ?? ''}`, login, 'Connection: close'];
      expect(await raw(['GET / HTTP/1.1', ...hosts])).toMatch(/^HTTP\/1\.1 400 /);
      const upgrade = ['Upgrade: websocket', `Origin: ${origin}`, 'Sec-WebSocket-Version: 13'];
      const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
      const asked = ['GET /bridge HTTP/1.1', ...hosts.slice(0, 3), 'Connection: Upgrade'];
      expect(await raw([...asked, ...upgrade, key])).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it('that sends its request bit by bit is closed, however often a bit comes', async () => {
    const slow = await serveFake(pages.folder, undefined, 0, { requestMs: 300 });
    const sockets = Array.from({ length: 20 }, () => connect(slow.server.port, '127.0.0.1'));
    const drips = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a');
    }, 20);
    const ends = sockets.map((socket) => {
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nX-');
      socket.resume();
      return closed(socket);
    });
    await Promise.all(ends);
    clearInterval(drips);
    await slow.server.close();
    // Node's default limit is over a minute.
  }, 40_000);

  it('beyond as many as are served at once is closed, and there is room again when one ends', async () => {
    const few = await serveFake(pages.folder, undefined, 0, { connections: 3 });
    const held = Array.from({ length: 3 }, () => connect(few.server.port, '127.0.0.1'));
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const late = connect(few.server.port, '127.0.0.1');
    late.on('error', () => undefined);
    late.resume();
    await closed(late);
    const [first] = held;
    first?.end();
    await once(first!.resume(), 'close');
    await eventually(async () => expect((await ask(few.server.port, '/')).status).toBe(403));
    for (const socket of held) socket.destroy();
    await few.server.close();
  });
});
