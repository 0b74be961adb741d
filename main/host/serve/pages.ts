import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError } from '../../formats/files.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.wasm': 'application/wasm',
};

export interface Page {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly etag: string;
  /** The name contains a content hash: it never changes. */
  readonly immutable: boolean;
}

/**
 * The window's built pages, all read when serving starts. Requests select from this list by exact
 * path, so no requested path reaches the file system, and a rebuild does not mix versions.
 */
export class Pages {
  readonly #pages: ReadonlyMap<string, Page>;
  readonly #index: Page;

  private constructor(pages: ReadonlyMap<string, Page>, index: Page) {
    this.#pages = pages;
    this.#index = index;
  }

  /** @throws not-found, not-readable */
  static async read(folder: string): Promise<Pages> {
    const pages = new Map<string, Page>();
    try {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = path.join(entry.parentPath, entry.name);
        const at = `/${path.relative(folder, file).split(path.sep).join('/')}`;
        const bytes = await readFile(file);
        pages.set(at, {
          bytes,
          type: TYPES[path.extname(at).toLowerCase()] ?? 'application/octet-stream',
          etag: etagOf(bytes),
          immutable: at.startsWith('/assets/'),
        });
      }
    } catch (error) {
      throw readError(folder, error);
    }
    const index = pages.get('/index.html');
    if (index === undefined)
      throw new KarstError('not-found', `${folder} has no index.html.`, {
        hint: 'Rebuild the window: npm run build.',
        path: folder,
      });
    return new Pages(pages, index);
  }

  /**
   * @param at decoded path of the request, beginning with a slash
   * @returns the file; the page itself for its router's paths; null if there is none
   */
  find(at: string): Page | null {
    if (at === '/') return this.#index;
    const page = this.#pages.get(at);
    if (page !== undefined) return page;
    return path.posix.extname(at) === '' ? this.#index : null;
  }
}

/** A strong ETag of the content. */
export function etagOf(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
}
