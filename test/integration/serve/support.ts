import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { Announcer } from '../../../main/host/events.ts';
import type { Dispatcher } from '../../../main/host/api/dispatch.ts';
import { Pages } from '../../../main/host/serve/pages.ts';
import {
  serveStudio,
  type ServeOptions,
  type StudioServer,
} from '../../../main/host/serve/server.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Reply } from '../../../shared/contract/window/messages.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request as is: no redirects, additional headers or normalisation. */
export function ask(port: number, path: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method: options.method ?? 'GET', headers: options.headers },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Logs in as a browser does and returns the headers for later requests of its page. */
export async function logIn(
  server: Pick<StudioServer, 'url' | 'port'>,
): Promise<Record<string, string>> {
  const { pathname, search } = new URL(server.url);
  const answer = await ask(server.port, pathname + search);
  return { cookie: (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '' };
}

/** A dispatcher with answers set by the test. */
export class FakeDispatcher implements Dispatcher {
  readonly announcer = new Announcer();
  readonly calls: [procedure: string, input: unknown][] = [];
  readonly pictures: [media: string, size: number | null][] = [];

  async call(procedure: string, input: unknown): Promise<unknown> {
    this.calls.push([procedure, input]);
    if (procedure === 'fail')
      throw new KarstError('not-found', 'There is no such thing.', { hint: 'Look elsewhere.' });
    return { procedure, input };
  }

  onEvent(listener: Parameters<Dispatcher['onEvent']>[0]): () => void {
    return this.announcer.listen(listener);
  }

  async picture(media: string, size: number | null) {
    this.pictures.push([media, size]);
    if (media === 'f.gone') throw new KarstError('not-found', 'That picture is no longer there.');
    if (media === 'f.broken') throw new KarstError('file-damaged', 'It is cut off.');
    return { bytes: Buffer.from(`picture ${media} ${size}`), type: 'image/webp' };
  }

  async close(): Promise<void> {}
}

export const PAGE = '<!doctype html><title>studio</title>';

/** A built page, with a file beside it that must never be served. */
export function builtPages(): { folder: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'karst-serve-'));
  const folder = join(root, 'renderer');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'assets', 'main-abc123.js'), 'export {};');
  writeFileSync(join(folder, 'assets', 'font-abc123.woff2'), 'font');
  return { folder, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export async function serveFake(
  folder: string,
  api = new FakeDispatcher(),
  port = 0,
  limits: NonNullable<ServeOptions['limits']> = {},
) {
  const server = await serveStudio({
    dispatcher: api,
    pages: await Pages.read(folder),
    port,
    limits,
  });
  return { server, api };
}

/** A window's socket, which records its replies in order. */
export class TestWindow {
  readonly socket: WebSocket;
  readonly replies: Reply[] = [];

  constructor(port: number, options: ClientOptions = {}, path = '/bridge') {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    this.socket.on('message', (data: Buffer) =>
      this.replies.push(JSON.parse(data.toString('utf8')) as Reply),
    );
  }

  async opened(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  /** Returns the HTTP status with which the upgrade was refused. */
  async refused(): Promise<number> {
    this.socket.on('error', () => undefined);
    const [, response] = (await once(this.socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; destroy: () => void },
    ];
    response.destroy();
    return response.statusCode;
  }

  /** Returns the close code. */
  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }

  call(id: number, procedure: string, input: unknown = {}): void {
    this.socket.send(JSON.stringify({ type: 'call', id, procedure, input }));
  }
}
