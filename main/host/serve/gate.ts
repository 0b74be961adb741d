import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Milliseconds within which a pass that was handed to a browser must be used. */
const PASS_MS = 60_000;

/**
 * Decides who may speak to a studio that is served on the loopback interface. Other programs and other accounts
 * of the machine reach the port as well, and so does every web page that is open in the browser. So:
 * - `Host` must be the studio's own address: a foreign name that was made to resolve to 127.0.0.1 is refused;
 * - the browser must have the cookie, which it got for the token that was printed;
 * - what can do something (the socket, anything but GET) must come from the studio's own page, by `Origin`.
 */
export class Gate {
  /** What the printed address carries: 256 random bits. */
  readonly token = secret();
  /** Not the token, so that an address in a browser's history is not the cookie too. */
  readonly #session = secret();
  readonly #cookie: string;
  readonly #hosts: readonly string[];
  readonly #passes = new Map<string, number>();

  constructor(port: number) {
    // Cookies do not tell ports apart: two studios at once must not take each other's.
    this.#cookie = `karst-${port}`;
    const names = ['127.0.0.1', 'localhost'];
    this.#hosts = names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : `${name}:${port}`));
  }

  /** Node tells the first of several; whoever stands before it may have gone by another. */
  hasOneHost(request: IncomingMessage): boolean {
    return (request.headersDistinct['host']?.length ?? 0) <= 1;
  }

  /** The request's `Host` if it is the studio's own, null otherwise. */
  hostOf(request: IncomingMessage): string | null {
    const host = request.headers.host;
    return host !== undefined && this.#hosts.includes(host) ? host : null;
  }

  /** Whether the request comes from the studio's own page, as browsers say it and pages cannot. */
  isFromOwnPage(request: IncomingMessage): boolean {
    const host = this.hostOf(request);
    return host !== null && request.headers.origin === `http://${host}`;
  }

  /**
   * Whether another origin's page loads this as a part of itself. Other ports of this machine are the same
   * site, so that cookies go with such requests. Following a link is no such thing.
   */
  isEmbedding(request: IncomingMessage): boolean {
    const from = request.headers['sec-fetch-site'];
    if (from === undefined || from === 'same-origin' || from === 'none') return false;
    return request.headers['sec-fetch-mode'] !== 'navigate';
  }

  hasCookie(request: IncomingMessage): boolean {
    return (request.headers.cookie ?? '').split(';').some((pair) => {
      const at = pair.indexOf('=');
      return pair.slice(0, at).trim() === this.#cookie && same(pair.slice(at + 1), this.#session);
    });
  }

  /** Value of `Set-Cookie`. Gone with the browser's session, out of reach of scripts and of other sites. */
  cookie(): string {
    return `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether this opens the gate: the token, or a pass that was not used yet. */
  admits(token: string): boolean {
    if (same(token, this.token)) return true;
    const until = this.#passes.get(token);
    this.#passes.delete(token);
    return until !== undefined && performance.now() <= until;
  }

  /**
   * Opens the gate once and for a minute. For a browser that is started with an address on its command line,
   * which other accounts can read.
   */
  pass(): string {
    const pass = secret();
    this.#passes.set(pass, performance.now() + PASS_MS);
    return pass;
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** In a time that says nothing about where the two differ. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
