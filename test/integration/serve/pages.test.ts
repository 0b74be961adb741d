import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pages } from '../../../main/host/serve/pages.ts';
import type { StudioServer } from '../../../main/host/serve/server.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  ask,
  builtPages,
  logIn,
  PAGE,
  serveFake,
  type Ask,
  type FakeDispatcher,
} from './support.ts';

let server: StudioServer;
let api: FakeDispatcher;
let pages: { folder: string; remove: () => void };
let cookie: Record<string, string>;

beforeAll(async () => {
  pages = builtPages();
  ({ server, api } = await serveFake(pages.folder));
  cookie = await logIn(server);
});
afterAll(async () => {
  await server.close();
  pages.remove();
});

const get = (path: string, options: Ask = {}) =>
  ask(server.port, path, { ...options, headers: { ...cookie, ...options.headers } });

/** Returns the status line for a raw request line that no HTTP client would send. */
function raw(requestLine: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.end(
        `${requestLine}\r\nHost: 127.0.0.1:${server.port}\r\nCookie: ${cookie['cookie'] ?? ''}\r\nConnection: close\r\n\r\n`,
      ),
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('the page', () => {
  it.each(['/', '/index.html', '/runs', '/runs/run-1', '/compare?runs=a,b', '/a/b/c/'])(
    'answers for %s',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, answer.body.toString()]).toEqual([200, PAGE]);
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('private, no-cache');
    },
  );

  it.each([
    ['/assets/main-abc123.js', 'text/javascript; charset=utf-8', /immutable/],
    ['/assets/font-abc123.woff2', 'font/woff2', /immutable/],
    ['/icon.svg', 'image/svg+xml', /no-cache/],
  ] as const)('has %s as %s', async (path, type, caching) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.headers['cache-control']).toMatch(caching);
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
  });

  it('is not sent again when the browser has it', async () => {
    const { etag = '' } = (await get('/')).headers;
    const again = await get('/', { headers: { 'if-none-match': etag } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await get('/', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('tells HEAD what GET would have said', async () => {
    const { headers, status, body } = await get('/', { method: 'HEAD' });
    expect([status, headers['content-length'], body.length]).toEqual([200, String(PAGE.length), 0]);
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..\\secret.txt',
    '/%2e%2e%5csecret.txt',
    '//secret.txt',
    '/assets/%00.js',
    '/etc/passwd.txt',
    '/assets/nothing.js',
    '/__proto__.js',
  ])('does not reach %s', async (path) => {
    const text = await raw(`GET ${path} HTTP/1.1`);
    expect(text).toMatch(/^HTTP\/1.1 404 /);
    expect(text).not.toContain('\r\n\r\nsecret');
  });

  it.each([
    'GET /% HTTP/1.1',
    'GET /%ff HTTP/1.1',
    'GET http://evil.example/ HTTP/1.1',
    'GET * HTTP/1.1',
  ])('makes no sense of %s', async (line) => {
    expect(await raw(line)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('needs an index', async () => {
    const error = await Pages.read(`${pages.folder}/assets`).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KarstError);
    expect((error as KarstError).message).toContain('has no index.html');
    await expect(Pages.read(`${pages.folder}/none`)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('pictures', () => {
  it('come by their names, in the size asked for', async () => {
    const answer = await get('/media/d.ds-1.7?size=128');
    expect(answer.body.toString()).toBe('picture d.ds-1.7 128');
    expect(answer.headers['content-type']).toBe('image/webp');
    expect(answer.headers['cache-control']).toBe('private, max-age=3600');
    expect(api.pictures.at(-1)).toEqual(['d.ds-1.7', 128]);
    await get('/media/u.0a');
    expect(api.pictures.at(-1)).toEqual(['u.0a', null]);
    const { etag = '' } = answer.headers;
    const again = await get('/media/d.ds-1.7?size=128', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it.each([
    '/media/',
    '/media/a/b',
    '/media/..%2f..%2fetc%2fpasswd',
    '/media/%2fetc%2fpasswd',
    `/media/${'a'.repeat(121)}`,
    '/media/f.1?size=0',
    '/media/f.1?size=-1',
    '/media/f.1?size=1e3',
    '/media/f.1?size=99999',
    '/media/f.1?size=',
  ])('%s is none', async (path) => {
    const before = api.pictures.length;
    expect((await get(path)).status).toBe(404);
    expect(api.pictures).toHaveLength(before);
  });

  it('that cannot be had say why', async () => {
    const gone = await get('/media/f.gone');
    expect([gone.status, gone.body.toString()]).toEqual([404, 'That picture is no longer there.']);
    expect(gone.headers['cache-control']).toBe('no-store');
    expect((await get('/media/f.broken')).status).toBe(422);
  });
});

describe('the port', () => {
  it('that is taken is told', async () => {
    await expect(serveFake(pages.folder, undefined, server.port)).rejects.toMatchObject({
      code: 'in-use',
      message: `Port ${server.port} is used by another program.`,
    });
  });

  it('is open on the loopback interface alone', async () => {
    const { networkInterfaces } = await import('node:os');
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
        const probe = request({ host: address, port: server.port, path: '/' });
        probe.on('error', resolve);
        probe.end();
      });
      expect(error.code).toBe('ECONNREFUSED');
    }
  });
});
