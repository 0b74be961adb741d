import { createConnection } from 'node:net';
import { join } from 'node:path';

const ANSWER_MS = 2_000;

/**
 * Whether windows can be opened: always on macOS and Windows. On Linux a display server must accept
 * connections, since an environment variable may be left over from another session.
 *
 * @param {Record<string, string | undefined>} [environment]
 * @param {NodeJS.Platform} [platform]
 * @returns {Promise<string | null>} null when they can, else the reason as a clause
 */
export async function displayProblem(environment = process.env, platform = process.platform) {
  if (platform !== 'linux') return null;
  const wayland = environment['WAYLAND_DISPLAY'];
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (wayland && (await answers({ path: join(runtime ?? '/', wayland) }))) return null;
  const display = environment['DISPLAY'];
  if (!display) return 'there is no display (DISPLAY is not set)';
  const place = placeOfX(display);
  if (place !== null && (await answers(place))) return null;
  return `the display ${display} does not answer`;
}

/**
 * Where the X server of a display name listens (X(7)).
 *
 * @param {string} display `:0`, `:99.0`, `host:10.0`
 * @returns {{ path: string } | { host: string, port: number } | null}
 */
export function placeOfX(display) {
  const found = /^(?<host>[^:]*):(?<number>\d+)(\.\d+)?$/.exec(display)?.groups;
  if (found === undefined) return null;
  const { host = '', number = '' } = found;
  if (host === '' || host === 'unix') return { path: `/tmp/.X11-unix/X${number}` };
  return { host, port: 6000 + Number(number) };
}

/**
 * @param {{ path: string } | { host: string, port: number }} place
 * @returns {Promise<boolean>}
 */
function answers(place) {
  return new Promise((resolve) => {
    const socket = createConnection(place);
    /** @param {boolean} there */
    const end = (there) => {
      socket.destroy();
      resolve(there);
    };
    socket.setTimeout(ANSWER_MS, () => {
      end(false);
    });
    socket.on('connect', () => {
      end(true);
    });
    socket.on('error', () => {
      end(false);
    });
  });
}
