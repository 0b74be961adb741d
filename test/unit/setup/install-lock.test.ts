import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withInstallLock } from '../../../main/setup/install-lock.mjs';
import { temporaryFolder } from './temporary.ts';

const MODULE = fileURLToPath(new URL('../../../main/setup/install-lock.mjs', import.meta.url));

/** A clock whose `sleep` lasts one turn of the event loop. */
const turning = { now: Date.now, sleep: () => turn() };

describe('withInstallLock', () => {
  it('lets one in at a time, gives back its result and goes away', async () => {
    const lock = join(temporaryFolder(), 'locks', 'one');
    let inside = 0;
    let most = 0;
    let waits = 0;
    const work = async (value: number) => {
      most = Math.max(most, (inside += 1));
      for (let turns = 0; turns < 20; turns += 1) await turn();
      inside -= 1;
      return value;
    };
    const onWait = () => (waits += 1);
    const results = await Promise.all(
      [1, 2, 3].map((value) =>
        withInstallLock(lock, () => work(value), { onWait, clock: turning }),
      ),
    );
    expect(results).toEqual([1, 2, 3]);
    expect(most).toBe(1);
    expect(waits).toBe(2);
    expect(existsSync(lock)).toBe(false);
  });

  it('is given back when the work fails', async () => {
    const lock = join(temporaryFolder(), 'one');
    const failing = withInstallLock(lock, () => Promise.reject(new Error('no disk')));
    await expect(failing).rejects.toThrow('no disk');
    expect(existsSync(lock)).toBe(false);
  });

  it('is taken over from a process that was killed', async () => {
    const lock = join(temporaryFolder(), 'one');
    mkdirSync(lock);
    writeFileSync(join(lock, 'token'), 'of a process that is gone');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(lock, longAgo, longAgo);
    expect(await withInstallLock(lock, () => Promise.resolve('done'))).toBe('done');
    expect(existsSync(lock)).toBe(false);
  });

  it('is left to a holder that renews it, and taken over when it no longer does', async () => {
    const lock = join(temporaryFolder(), 'one');
    mkdirSync(lock);
    writeFileSync(join(lock, 'token'), 'of a process that lives');
    const renewals = 10;
    const staleAfterMs = 400;
    let [now, waits, renewed] = [Date.now(), 0, 0];
    const renew = (): void => utimesSync(lock, new Date(now), new Date(now));
    renew();
    const sleep = async (ms: number): Promise<void> => {
      now += ms;
      if (++waits > renewals) return;
      renewed = now;
      renew();
    };
    let takenAt = 0;
    const work = async (): Promise<void> => void (takenAt = now);
    await withInstallLock(lock, work, { staleAfterMs, clock: { now: () => now, sleep } });
    // Several times the stale timeout has passed, so only the renewals kept the lock.
    expect(waits).toBeGreaterThan(renewals);
    expect(takenAt).toBeGreaterThanOrEqual(renewed + staleAfterMs);
    expect(takenAt).toBeLessThan(renewed + 2 * staleAfterMs);
  });

  it('is given back at once by a process that exits in the middle', async () => {
    const lock = join(temporaryFolder(), 'one');
    const script = `import { withInstallLock } from ${JSON.stringify(MODULE)};
      await withInstallLock(${JSON.stringify(lock)}, async () => process.exit(7));`;
    const code = await new Promise((resolve) => {
      const child = execFile(process.execPath, ['--input-type=module', '-e', script]);
      child.on('exit', resolve);
    });
    expect(code).toBe(7);
    expect(existsSync(lock)).toBe(false);
  });
});
