import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Lifetime of a pass for a browser, in milliseconds. */
const PASS_MS = 60_000;

/**
 * Access control of a studio served on the loopback interface. Other programs and accounts of the
 * machine reach the port, and so does every web page open in the browser. So:
 * - `Host` must be the studio's own address: a foreign name that was made to resolve to 127.0.0.1
 * is refused;
 * - the browser must have the cookie, which it got for the token that was printed;
 * - what can do something (the socket, anything but GET) must come from the studio's own page, by
 * `Origin`.
 */
export class Gate {
  /** Token in the printed address: 256 random bits. */
  readonly token = secret();
  /**
   * Differs from the token, so that an address in the browser's history does not reveal the cookie.
   */
  readonly #session = secret();
  readonly #cookie: string;
  readonly #hosts: readonly string[];
  readonly #passes = new Map<string, number>();

  constructor(port: number) {
    // Cookies ignore ports: two studios must not share one.
    this.#cookie = `karst-${port}`;
    const names = ['127.0.0.1', 'localhost'];
    this.#hosts = names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : `${name}:${port}`));
  }

  /** Node returns the first of several, but a proxy may have used another. */
  hasOneHost(request: IncomingMessage): boolean {
    return (request.headersDistinct['host']?.length ?? 0) <= 1;
  }

  /** The request's `Host` if it is the studio's own, null otherwise. */
  hostOf(request: IncomingMessage): string | null {
    const host = request.headers.host;
    return host !== undefined && this.#hosts.includes(host) ? host : null;
  }

  /** Whether the request comes from the studio's own page, by a header that pages cannot set. */
  isFromOwnPage(request: IncomingMessage): boolean {
    const host = this.hostOf(request);
    return host !== null && request.headers.origin === `http://${host}`;
  }

  /**
   * Whether another origin's page loads this as a subresource. Other ports of this machine are the
   * same site, so cookies are sent with such requests. Following a link does not count.
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

  /** Value of `Set-Cookie`: a session cookie, hidden from scripts and other sites. */
  cookie(): string {
    return `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether this grants access: the token, or an unused pass. */
  admits(token: string): boolean {
    if (same(token, this.token)) return true;
    const until = this.#passes.get(token);
    this.#passes.delete(token);
    return until !== undefined && performance.now() <= until;
  }

  /**
   * A pass that works once, within a minute: for a browser started with the address on its command
   * line, which other accounts can read.
   */
  pass(): string {
    const pass = secret();
    this.#passes.set(pass, performance.now() + PASS_MS);
    return pass;
  }
}

/** 256 random bits. */
export function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Constant-time comparison. */
export function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
