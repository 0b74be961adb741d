import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { KarstError } from '../../shared/domain/errors.ts';
import { reasonOf, systemCode } from '../formats/files.ts';
import { refusal } from './refusals.ts';
import { isSafe, type HubSettings } from './settings.ts';

const MOST_REDIRECTS = 8;
/** Milliseconds without a byte after which a connection counts as cut. */
const SILENCE_MS = 30_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** By this the hub would answer with a protocol of its own instead of the file. */
const HUB_PROTOCOL = 'xet-fileinfo';

export interface TransportOptions {
  readonly settings: HubSettings;
  readonly signal: AbortSignal | undefined;
  /** Called with each host before it is asked for the first time. */
  readonly onHost: (host: string) => void;
  /** For tests. */
  readonly silenceMs?: number;
}

/**
 * Requests to the hub, and to the hosts that it sends us to: over https alone, with the token for
 * the hub alone, through the system's proxy and trusted by the system's certificates too. What
 * answers with anything but success is an error.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent };
  readonly #hosts = new Set<string>();

  constructor(options: TransportOptions) {
    this.#options = options;
    const proxyEnv = { ...options.settings.environment };
    const ca = [
      ...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]),
    ];
    this.#agents = {
      'http:': new http.Agent({ keepAlive: true, proxyEnv }),
      'https:': new https.Agent({
        keepAlive: true,
        proxyEnv,
        secureContext: tls.createSecureContext({ ca }),
      }),
    };
  }

  /** As the global `fetch`, for the hub's client. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = request.body === null ? null : await request.text();
    return this.#answer(request, body);
  };

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #answer(request: Request, body: string | null): Promise<Response> {
    const { settings } = this.#options;
    let url = new URL(request.url);
    let atHub = url.origin === settings.endpoint.origin;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      if (!isSafe(url, settings.endpoint)) throw unsafe(url);
      this.#tell(url.host);
      const answer = await this.#ask(url, request, body, atHub ? settings.token : null);
      const status = answer.statusCode ?? 0;
      const { location } = answer.headers;
      if (!REDIRECTS.has(status) || location === undefined) return this.#response(url, answer);
      answer.resume();
      if (!URL.canParse(location, url)) break;
      url = new URL(location, url);
      // Once elsewhere, the token is not given again, even if the way leads back.
      atHub &&= url.origin === settings.endpoint.origin;
    }
    throw new KarstError('unreachable', `${url.host} redirects in circles.`, {
      hint: 'Try again later.',
    });
  }

  #tell(host: string): void {
    if (this.#hosts.has(host)) return;
    this.#hosts.add(host);
    this.#options.onHost(host);
  }

  async #response(url: URL, answer: http.IncomingMessage): Promise<Response> {
    const status = answer.statusCode ?? 0;
    const headers = new Headers();
    for (const [name, values] of Object.entries(answer.headersDistinct))
      for (const value of values ?? []) headers.append(name, value);
    if (status >= 200 && status < 300) {
      const isPage = headers.get('content-type')?.includes('text/html') === true;
      if (!isPage)
        return new Response(Readable.toWeb(answer) as ReadableStream, { status, headers });
      answer.destroy();
      throw new KarstError(
        'unreachable',
        `${url.host} answered with a web page, not with the file.`,
        {
          hint: 'Perhaps a proxy or a network that asks to sign in stands between: open the address in a browser.',
        },
      );
    }
    const said = headers.get('x-error-message') ?? (await text(answer).catch(() => ''));
    throw refusal({ url, status, said, code: headers.get('x-error-code') }, this.#options.settings);
  }

  #ask(
    url: URL,
    { method, headers, signal: own }: Request,
    body: string | null,
    token: string | null,
  ): Promise<http.IncomingMessage> {
    const { signal = own, silenceMs = SILENCE_MS } = this.#options;
    const sent = Object.fromEntries(headers);
    delete sent['authorization'];
    if (sent['accept']?.includes(HUB_PROTOCOL) === true) delete sent['accept'];
    if (token !== null) sent['authorization'] = `Bearer ${token}`;
    // Sizes and hashes are those of the file itself.
    sent['accept-encoding'] = 'identity';
    const isHttps = url.protocol === 'https:';
    const agent = this.#agents[isHttps ? 'https:' : 'http:'];
    return new Promise((resolve, reject) => {
      const asked = (isHttps ? https : http).request(url, { method, headers: sent, agent, signal });
      asked.setTimeout(silenceMs, () => asked.destroy(new Error('no answer for too long')));
      asked.on('response', resolve);
      asked.on('error', (error) => reject(signal.aborted ? cancelled() : unreachable(url, error)));
      asked.end(body ?? undefined);
    });
  }
}

export const cancelled = (): KarstError =>
  new KarstError('cancelled', 'The download was cancelled.', {
    hint: 'What has arrived is kept: get it again to go on.',
  });

const UNTRUSTED = 'its certificate is not one that this computer trusts';
/** Reasons by the code of the system or of TLS; `host` may be a proxy's. */
const REASONS: Readonly<Record<string, (host: string) => string>> = {
  ENOTFOUND: (host) => `no name server knows ${host}`,
  EAI_AGAIN: () => 'no name server answers',
  ECONNREFUSED: (host) => `${host} takes no connections`,
  ECONNRESET: () => 'the connection was cut',
  EPIPE: () => 'the connection was cut',
  ETIMEDOUT: (host) => `${host} does not answer`,
  EHOSTUNREACH: (host) => `no way leads to ${host}`,
  ENETUNREACH: (host) => `no network leads to ${host}`,
  CERT_HAS_EXPIRED: () => 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: () => UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: () => UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => UNTRUSTED,
};

/** Why a host was not reached, in words. */
function networkReason(error: unknown, asked: string): string {
  const { hostname, address } = error as { hostname?: string; address?: string };
  const reason = REASONS[systemCode(error) ?? '']?.(hostname ?? address ?? asked);
  // After a semicolon Node advises how to start Node.
  return reason ?? reasonOf(error).split(';')[0] ?? '';
}

export function unreachable({ host }: URL, error: unknown): KarstError {
  const reason = networkReason(error, host);
  return new KarstError('unreachable', `${host} cannot be reached: ${reason}.`, {
    hint: 'Check the network; HTTPS_PROXY and NO_PROXY say whether a proxy is used. What has arrived is kept.',
    cause: error,
  });
}

function unsafe(url: URL): KarstError {
  return new KarstError('unreachable', `The hub leads to ${url.origin}, which is not https.`, {
    hint: 'Such a redirect is not followed. Try another network, or save the files by a browser.',
  });
}
