import { protocol, type Session } from 'electron';
import { readFile } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import type { Picture } from './host-process.ts';

const SCHEME = 'karst';
export const ORIGIN = 'karst://studio';

/**
 * Everything comes from the studio itself, scripts only from files. Inline styles are allowed: the
 * components position their popups with them.
 */
export const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

export interface SchemeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SchemeSources {
  /** Folder of the built pages. */
  readonly pages: string;
  picture(media: string, size: number | null): Promise<Picture>;
}

/** Called before the application is ready: a page of this scheme counts as a secure origin of its own. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Handles the scheme for the windows of a session. */
export function serveScheme(session: Session, sources: SchemeSources): void {
  session.protocol.handle(SCHEME, async (request) => {
    const { status, headers, body } = await answerRequest(request.method, request.url, sources);
    return new Response(new Uint8Array(body), { status, headers });
  });
}

/**
 * The response to `karst://studio/…`: a built file, a picture (`/media/<id>?size=<pixels>`), or the
 * page itself for its router's paths. Never rejects.
 */
export async function answerRequest(
  method: string,
  address: string,
  sources: SchemeSources,
): Promise<SchemeAnswer> {
  try {
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET is supported.');
    const url = new URL(address);
    if (`${url.protocol}//${url.host}` !== ORIGIN) return plain(404, 'There is no such host.');
    const path = decodeURIComponent(url.pathname);
    const media = /^\/media\/([\w.-]{1,120})$/.exec(path)?.[1];
    if (media !== undefined) return await pictureAnswer(media, url.searchParams, sources);
    return await fileAnswer(path, sources.pages);
  } catch (error) {
    if (error instanceof URIError || error instanceof TypeError) {
      return plain(400, 'That is no address of the studio.');
    }
    const report = toErrorReport(error);
    return plain(report.code === 'not-found' ? 404 : 500, report.message);
  }
}

async function pictureAnswer(
  media: string,
  query: URLSearchParams,
  sources: SchemeSources,
): Promise<SchemeAnswer> {
  const asked = query.get('size');
  const size = asked === null ? null : Number(asked);
  if (size !== null && !(Number.isInteger(size) && size > 0 && size <= 8192)) {
    return plain(400, 'The size is a whole number of pixels from 1 to 8192.');
  }
  const { bytes, contentType } = await sources.picture(media, size);
  // A name identifies a picture while the host runs; it may be unknown to a restarted host.
  return answer(200, contentType, bytes, 'private, max-age=3600');
}

async function fileAnswer(path: string, pages: string): Promise<SchemeAnswer> {
  const extension = extname(path);
  // Router paths have no extension; a path with one is a file or missing.
  const file = join(pages, extension === '' ? 'index.html' : path);
  if (!file.startsWith(pages + sep)) return plain(400, 'That is no address of the studio.');
  const type = TYPES[extension === '' ? '.html' : extension];
  if (type === undefined) return plain(404, 'There is no such file.');
  const body = await read(file);
  if (body === null) return plain(404, 'There is no such file.');
  const text = /^(text|application)\//.test(type) ? `${type}; charset=utf-8` : type;
  return answer(200, text, body, 'no-cache');
}

/**
 * null if missing. By callback API: every Electron version patches it for the package's archive.
 */
function read(path: string): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    readFile(path, (error, bytes) => {
      if (error === null) resolve(bytes);
      else if (error.code === 'ENOENT' || error.code === 'EISDIR' || error.code === 'ENOTDIR') {
        resolve(null);
      } else {
        reject(new KarstError('not-readable', `${path} cannot be read.`, { path, cause: error }));
      }
    });
  });
}

function plain(status: number, sentence: string): SchemeAnswer {
  return answer(status, 'text/plain; charset=utf-8', Buffer.from(sentence), 'no-store');
}

function answer(status: number, type: string, body: Buffer, cache: string): SchemeAnswer {
  const headers = {
    'Content-Type': type,
    'Content-Security-Policy': CONTENT_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': cache,
  };
  return { status, headers, body };
}
