import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ticks per second in /proc/stat, on every Linux that Node supports. */
const TICKS = 100;
/** Most cores that other programs may use before a measurement begins, averaged over `LOOK_MS`. */
const QUIET_CORES = 0.12;
const LOOK_MS = 250;

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly platform: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Busy CPU seconds of all cores since boot; 0 on systems other than Linux. */
export function machineSeconds(): number {
  if (process.platform !== 'linux') return 0;
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = fields
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) / TICKS;
}

/** CPU seconds of this process. */
export function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Waits until the processor is idle: no other program, and no threads of the last subject, which
 * keep spinning for a while.
 *
 * @returns whether it became idle within `patienceMs`
 */
export async function waitForQuiet(patienceMs: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const end = Date.now() + patienceMs;
  do {
    const before = machineSeconds();
    await sleep(LOOK_MS);
    if ((machineSeconds() - before) / (LOOK_MS / 1000) < QUIET_CORES) return true;
  } while (Date.now() < end);
  return false;
}
