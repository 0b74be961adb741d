import type { IncomingMessage, ServerResponse } from 'node:http';
import { bytesInWords } from '../../../shared/domain/bytes-in-words.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorCode, ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Prediction } from '../../../shared/domain/metrics.ts';
import { LARGEST_PICTURE } from '../../../shared/domain/picture-limit.ts';
import { OPENAPI_PATH, PREDICT_PATH } from '../../../shared/domain/predict-snippets.ts';
import { version } from '../version.ts';
import { Gate, same, secret } from './gate.ts';
import { LOOPBACK, limitedServer, listen } from './listen.ts';
import { openapi, type Served } from './openapi.ts';

const MOST_CLASSES = 100;
const DEFAULT_TOP = 5;
const MOST_CONNECTIONS = 64;
/** Timeout for receiving a whole request, in milliseconds. */
const REQUEST_MS = 30_000;

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  'access-refused': 401,
  'not-found': 404,
  'format-unknown': 415,
  'format-unsupported': 415,
  'file-damaged': 422,
};

export interface PredictionServerOptions {
  readonly served: Served;
  /** The likeliest classes of a picture's file. */
  readonly predict: (picture: Buffer, top: number) => Promise<readonly Prediction[]>;
  /** 0: any that is free. */
  readonly port: number;
  /** Default: a new one. */
  readonly token?: string;
  /** For tests: the limit of a body in bytes. */
  readonly largestBody?: number;
}

/** A model that answers programs of this machine. */
export interface PredictionServer {
  readonly port: number;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly token: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Answers pictures with their classes, as JSON, on the loopback interface only and for those who
 * have the token.
 * @throws in-use when the port is taken; not-available when the system refuses it
 */
export async function servePredictions(
  options: PredictionServerOptions,
): Promise<PredictionServer> {
  const server = limitedServer({ requestMs: REQUEST_MS, connections: MOST_CONNECTIONS });
  const port = await listen(server, options.port);
  const origin = `http://${LOOPBACK}:${port}`;
  const desk = new Desk(options, origin, new Gate(port), options.token ?? secret());
  server.on('request', (request, response) => void desk.answer(request, response));
  return {
    port,
    origin,
    token: desk.token,
    async close() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
  };
}

class Desk {
  readonly token: string;
  readonly #options: PredictionServerOptions;
  readonly #origin: string;
  readonly #gate: Gate;

  constructor(options: PredictionServerOptions, origin: string, gate: Gate, token: string) {
    this.#options = options;
    this.#origin = origin;
    this.#gate = gate;
    this.token = token;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#admit(request);
      send(response, 200, await this.#asked(request));
    } catch (error) {
      const report = toErrorReport(error);
      const status = error instanceof Refused ? error.status : (STATUS_OF[report.code] ?? 500);
      // The rest of a body that is refused is not waited for.
      if (!request.complete) response.setHeader('Connection', 'close');
      if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
      if (error instanceof Refused && error.allow !== null)
        response.setHeader('Allow', error.allow);
      send(response, status, { error: withoutPath(report) });
    }
  }

  /** A foreign name that was made to resolve to this machine is refused before the token counts. */
  #admit(request: IncomingMessage): void {
    if (!this.#gate.hasOneHost(request) || this.#gate.hostOf(request) === null)
      throw new Refused(403, 'usage', 'This is not the address of this server.', this.#origin);
    const given = /^Bearer ([\w~+/.=-]+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!same(given, this.token))
      throw new KarstError('access-refused', 'The token is missing or wrong.', {
        hint: 'Send the header "Authorization: Bearer TOKEN" with the token that was printed.',
      });
  }

  async #asked(request: IncomingMessage): Promise<object> {
    const url = new URL(request.url ?? '', this.#origin);
    if (url.pathname === OPENAPI_PATH) {
      requireMethod(request, 'GET');
      return openapi(
        this.#options.served,
        { top: MOST_CLASSES, bytes: this.#largest },
        { origin: this.#origin, version: version() },
      );
    }
    if (url.pathname !== PREDICT_PATH)
      throw new KarstError('not-found', `There is nothing at ${url.pathname}.`, {
        hint: `Pictures are sent to ${PREDICT_PATH}; ${OPENAPI_PATH} describes this server.`,
      });
    requireMethod(request, 'POST');
    const top = topOf(url.searchParams.get('top'));
    const picture = await this.#body(request);
    const predictions = await this.#options.predict(picture, top);
    return { model: this.#options.served.name, predictions };
  }

  get #largest(): number {
    return this.#options.largestBody ?? LARGEST_PICTURE;
  }

  async #body(request: IncomingMessage): Promise<Buffer> {
    if (request.headers['content-type']?.startsWith('multipart/') === true)
      throw new KarstError('format-unsupported', 'The body is a form, not a picture.', {
        hint: 'Send the bytes of the file alone as the body.',
      });
    const parts: Buffer[] = [];
    let bytes = Number(request.headers['content-length'] ?? 0);
    const tooLarge = (): Refused =>
      new Refused(
        413,
        'usage',
        `The body is larger than ${bytesInWords(this.#largest)}.`,
        'Send a smaller picture.',
      );
    if (bytes > this.#largest) throw tooLarge();
    bytes = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.byteLength;
      if (bytes > this.#largest) throw tooLarge();
      parts.push(part);
    }
    if (bytes === 0)
      throw new KarstError('usage', 'The body is empty.', {
        hint: 'Send the picture’s file as the body.',
      });
    return Buffer.concat(parts);
  }
}

/** What is refused with a status of its own. */
class Refused extends KarstError {
  readonly status: number;
  /** The method that would be right. */
  readonly allow: string | null;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    hint: string,
    allow: string | null = null,
  ) {
    super(code, message, { hint });
    this.status = status;
    this.allow = allow;
  }
}

function requireMethod(request: IncomingMessage, method: string): void {
  if (request.method === method) return;
  throw new Refused(
    405,
    'usage',
    `${request.method ?? ''} is not answered here.`,
    `Use ${method}.`,
    method,
  );
}

function topOf(given: string | null): number {
  if (given === null) return DEFAULT_TOP;
  const top = Number(given);
  if (Number.isInteger(top) && top >= 1 && top <= MOST_CLASSES) return top;
  throw new KarstError(
    'usage',
    `top is "${given}"; it is a whole number from 1 to ${MOST_CLASSES}.`,
    {
      hint: 'For example ?top=3.',
    },
  );
}

function withoutPath({ code, message, hint }: ErrorReport): ErrorReport {
  return { code, message, hint };
}

function send(response: ServerResponse, status: number, value: object): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.byteLength,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(bytes);
}
