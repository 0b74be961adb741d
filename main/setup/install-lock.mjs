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
 * Clock of a waiting process, in milliseconds.
 *
 * @typedef {{ now: () => number, sleep: (ms: number) => Promise<unknown> }} Clock
 */

/**
 * Runs `work` while holding a lock between processes, so that two checkouts do not install the same
 * thing concurrently. The lock is a folder (its creation is atomic everywhere) whose time stamp the
 * holder renews; after half a minute without renewal its holder is considered dead. Process ids are
 * not used, since they mean nothing across containers that share a cache.
 *
 * @template T
 * @param {string} path of the lock
 * @param {() => Promise<T>} work
 * @param {{ onWait?: () => void, staleAfterMs?: number, clock?: Clock }} [options] `onWait` is
 *   called once when another process holds the lock
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
  // Released on exit, so that an interrupted set-up need not wait for its own lock to go stale.
  process.once('exit', release);
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch (error) {
      // ENOENT: the cache was deleted meanwhile; the work itself then reports a clearer error.
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
  // Only one waiter's rename succeeds. If a new holder took the lock in between, it is moved back.
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
