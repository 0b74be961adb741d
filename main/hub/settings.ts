import { readFile } from 'node:fs/promises';
import { KarstError } from '../../shared/domain/errors.ts';
import { hubPlaces, type Environment } from './place.ts';

const HUB = 'https://huggingface.co';
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** How the hub is asked. */
export interface HubSettings {
  /** Without a slash at the end. */
  readonly endpoint: URL;
  /** Null: asked as a stranger. */
  readonly token: string | null;
  readonly tokenFile: string;
  /** The folder with `models--…`. */
  readonly cache: string;
  /** Its `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count. */
  readonly environment: Environment;
}

/**
 * Reads `HF_ENDPOINT`, `HF_TOKEN` (else the file that `hf auth login` writes) and the cache's place.
 * @throws config-invalid for an endpoint that is not https
 */
export async function hubSettings(environment: Environment): Promise<HubSettings> {
  const { cache, tokenFile } = hubPlaces(environment);
  const named = environment['HF_ENDPOINT'];
  const endpoint = URL.canParse(named || HUB) ? new URL(named || HUB) : null;
  if (endpoint === null || !isSafe(endpoint, endpoint))
    throw new KarstError(
      'config-invalid',
      `HF_ENDPOINT is ${named ?? ''}, which is no https address.`,
      {
        hint: `Correct it, or remove it for ${HUB}.`,
      },
    );
  const token = environment['HF_TOKEN']?.trim() || (await tokenIn(tokenFile));
  return { endpoint, token, tokenFile, cache, environment };
}

async function tokenIn(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim() || null;
  } catch {
    return null;
  }
}

/** Whether a request may go there: by https, or to this machine where the hub itself is on it. */
export function isSafe(url: URL, endpoint: URL): boolean {
  const onLoopback = (one: URL): boolean => one.protocol === 'http:' && LOOPBACK.test(one.hostname);
  return url.protocol === 'https:' || (onLoopback(url) && onLoopback(endpoint));
}
