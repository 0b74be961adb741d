import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
const STALE_AFTER_MS = 30_000;

/**
 * What a waiter goes by; both in milliseconds.
 *
 * @typedef {{ now: () => number, sleep: (ms: number) => Promise<unknown> }} Clock
 */

/**
 * Runs `work` while holding a lock that other processes of this user respect, so that two checkouts do not
 * install the same thing at once. The lock is a folder (its creation is atomic everywhere) whose time stamp
 * the holder renews; one that was not renewed for half a minute belonged to a process that is gone. Process
 * ids are not consulted: they mean nothing across containers that share a cache.
 *
 * @template T
 * @param {string} path of the lock
 * @param {() => Promise<T>} work
 * @param {{ onWait?: () => void, staleAfterMs?: number, clock?: Clock }} [options] `onWait` is called once when another
 *   process holds the lock
 * @returns {Promise<T>}
 */
export async function withInstallLock(path, work, options = {}) {
  const { staleAfterMs = STALE_AFTER_MS, clock = { now: Date.now, sleep } } = options;
  mkdirSync(dirname(path), { recursive: true });
  const token = randomUUID();
  let waited = false;
  while (!tryTake(path, token)) {
    if (!waited) options.onWait?.();
    waited = true;
    removeIfStale(path, staleAfterMs, clock.now());
    await clock.sleep(Math.min(500, staleAfterMs / 4));
  }
  const release = () => {
    if (tokenOf(path) === token) rmSync(path, { recursive: true, force: true });
  };
  // An interrupted set-up is repeated at once, not when its lock has gone stale.
  process.once('exit', release);
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch (error) {
      // Only when somebody deleted the cache under us; the work itself then says what it misses.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off('exit', release);
    release();
  }
}

/**
 * @param {string} path
 * @param {string} token
 */
function tryTake(path, token) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(path, 'token'), token);
  return true;
}

/**
 * @param {string} path
 * @param {number} staleAfterMs
 * @param {number} now
 */
function removeIfStale(path, staleAfterMs, now) {
  const seen = tokenOf(path);
  let age;
  try {
    age = now - statSync(path).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (age < staleAfterMs) return;
  // Only one waiter's rename succeeds; if a new holder came between look and rename, give it back.
  const aside = `${path}.stale-${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (tokenOf(aside) === seen) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, path);
}

/**
 * @param {string} path
 * @returns {string | null}
 */
function tokenOf(path) {
  try {
    return readFileSync(join(path, 'token'), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
