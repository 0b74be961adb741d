import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorCode } from '../../../shared/domain/error-report.ts';
import type { Dispatcher } from '../api/dispatch.ts';
import { Gate } from './gate.ts';
import { LOOPBACK, limitedServer, listen } from './listen.ts';
import { securityHeaders } from './headers.ts';
import { etagOf, type Pages } from './pages.ts';
import { ADMITTED_PAGE, REFUSED_PAGE } from './notices.ts';
import { Windows } from './windows.ts';

/** Path of the WebSocket. */
const BRIDGE_PATH = '/bridge';

/** Limit of a message: a picture of 40 MB as base64, with some margin. */
const LARGEST_MESSAGE = 64 * 2 ** 20;

/** Timeout for receiving a whole request; the page sends its own in one piece. */
const REQUEST_MS = 10_000;

/** Limit of concurrent connections, windows included. */
const MOST_CONNECTIONS = 256;

/** Seconds that a browser may cache a picture. */
const PICTURE_AGE = 3600;

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  'not-found': 404,
  'not-readable': 404,
  'format-unknown': 415,
  'format-unsupported': 415,
  'file-damaged': 422,
};

export interface ServeOptions {
  readonly dispatcher: Dispatcher;
  readonly pages: Pages;
  /** 0: any that is free. */
  readonly port: number;
  /** For tests: request timeout in milliseconds, and the limit of concurrent connections. */
  readonly limits?: { readonly requestMs?: number; readonly connections?: number };
}

/** A studio served to browsers of this machine. */
export interface StudioServer {
  readonly port: number;
  /** Address with the token, which grants access. */
  readonly url: string;
  /** Address that grants access once, within a minute. */
  passUrl(): string;
  /** Ends all connections; the dispatcher stays open. */
  close(): Promise<void>;
}

/**
 * Serves the page, pictures and the bridge on the loopback interface only.
 * @throws in-use when the port is taken; not-available when the system refuses it
 */
export async function serveStudio(options: ServeOptions): Promise<StudioServer> {
  const server = limitedServer({
    requestMs: REQUEST_MS,
    connections: MOST_CONNECTIONS,
    ...options.limits,
  });
  const port = await listen(server, options.port);
  const gate = new Gate(port);
  const windows = new Windows(options.dispatcher);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
    clientTracking: false,
  });
  server.on('request', (request, response) => {
    void new Visit(gate, options, request, response).answer();
  });
  let closing = false;
  server.on('upgrade', (request, socket, head) => {
    const status = closing ? 503 : upgradeRefusal(gate, request);
    if (status !== null) refuseUpgrade(socket, status);
    else sockets.handleUpgrade(request, socket, head, (connection) => windows.add(connection));
  });
  const address = (token: string): string => `http://${LOOPBACK}:${port}/?token=${token}`;
  return {
    port,
    url: address(gate.token),
    passUrl: () => address(gate.pass()),
    async close() {
      closing = true;
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      await windows.close();
      server.closeAllConnections();
      await ended;
    },
  };
}

/** Status to refuse an upgrade with; null for the studio's own page. */
function upgradeRefusal(gate: Gate, request: IncomingMessage): number | null {
  if (!gate.hasOneHost(request)) return 400;
  if (gate.hostOf(request) === null || !gate.isFromOwnPage(request)) return 403;
  if (!gate.hasCookie(request)) return 403;
  return request.url === BRIDGE_PATH ? null : 404;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** One request and its response. */
class Visit {
  readonly #gate: Gate;
  readonly #options: ServeOptions;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(
    gate: Gate,
    options: ServeOptions,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#gate = gate;
    this.#options = options;
    this.#request = request;
    this.#response = response;
  }

  async answer(): Promise<void> {
    const gate = this.#gate;
    const request = this.#request;
    const host = gate.hostOf(request);
    for (const [name, value] of Object.entries(securityHeaders(host)))
      this.#response.setHeader(name, value);
    if (!gate.hasOneHost(request)) {
      this.#text(400, 'A request has one Host.');
      return;
    }
    if (host === null || gate.isEmbedding(request)) {
      this.#text(403, 'This is not an address of the studio.');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (!gate.isFromOwnPage(request)) this.#text(403, 'Only the page of the studio may do this.');
      else {
        this.#response.setHeader('Allow', 'GET, HEAD');
        this.#text(405, 'The studio is used over its socket.');
      }
      return;
    }
    const target = parseTarget(request.url ?? '');
    if (target === null) {
      this.#text(400, 'That address is invalid.');
      return;
    }
    const token = target.query.get('token');
    if (token !== null) this.#admit(token);
    else if (!gate.hasCookie(request)) this.#page(403, REFUSED_PAGE);
    else if (target.path.startsWith('/media/')) await this.#picture(target.path, target.query);
    else this.#file(target.path);
  }

  /**
   * Sets the cookie and redirects to the page without the token, which keeps it out of the address
   * bar.
   */
  #admit(token: string): void {
    if (!this.#gate.admits(token)) {
      this.#page(403, REFUSED_PAGE);
      return;
    }
    this.#response.setHeader('Set-Cookie', this.#gate.cookie());
    const from = this.#request.headers['sec-fetch-site'];
    // After a link from another site (a terminal in the browser, say) a redirect still counts as
    // cross-site and would not send the strict cookie. A page of ours that redirects is same-site.
    if (from === 'cross-site' || from === 'same-site') this.#page(200, ADMITTED_PAGE);
    else {
      this.#response.setHeader('Location', '/');
      this.#text(303, '');
    }
  }

  async #picture(path: string, query: URLSearchParams): Promise<void> {
    const media = /^\/media\/([\w.-]{1,120})$/.exec(path)?.[1];
    const size = query.get('size');
    if (media === undefined || (size !== null && !/^[1-9]\d{0,3}$/.test(size))) {
      this.#text(404, 'There is no such picture.');
      return;
    }
    try {
      const picture = await this.#options.dispatcher.picture(
        media,
        size === null ? null : Number(size),
      );
      this.#bytes(picture.bytes, {
        type: picture.type,
        etag: etagOf(picture.bytes),
        caching: `private, max-age=${PICTURE_AGE}`,
      });
    } catch (error) {
      const { code, message } = toErrorReport(error);
      this.#text(STATUS_OF[code] ?? 500, message);
    }
  }

  #file(path: string): void {
    const page = this.#options.pages.find(path);
    if (page === null) {
      this.#text(404, 'There is nothing here.');
      return;
    }
    const caching = page.immutable ? 'private, max-age=31536000, immutable' : 'private, no-cache';
    this.#bytes(page.bytes, { type: page.type, etag: page.etag, caching });
  }

  #bytes(bytes: Uint8Array, how: { type: string; etag: string; caching: string }): void {
    const response = this.#response;
    response.setHeader('ETag', how.etag);
    response.setHeader('Cache-Control', how.caching);
    if (this.#request.headers['if-none-match'] === how.etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': how.type, 'Content-Length': bytes.byteLength });
    response.end(bytes);
  }

  #page(status: number, html: string): void {
    this.#whole(status, 'text/html; charset=utf-8', html);
  }

  #text(status: number, text: string): void {
    this.#whole(status, 'text/plain; charset=utf-8', text);
  }

  #whole(status: number, type: string, text: string): void {
    const bytes = Buffer.from(text);
    this.#response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': bytes.byteLength,
      'Cache-Control': 'no-store',
    });
    this.#response.end(bytes);
  }
}

/** Decoded path and query; null if it is not a path, such as a full URL or a broken escape. */
function parseTarget(url: string): { path: string; query: URLSearchParams } | null {
  if (!url.startsWith('/')) return null;
  const at = url.indexOf('?');
  try {
    return {
      path: decodeURIComponent(at < 0 ? url : url.slice(0, at)),
      query: new URLSearchParams(at < 0 ? '' : url.slice(at)),
    };
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
