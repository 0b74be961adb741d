import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { processorIsas, type Isa } from '../../main/platform/kernels.mjs';
import { isaTitle } from './isa.ts';

/** Ticks per second in /proc/stat, on every Linux that Node supports. */
const TICKS = 100;
/** Most cores that other programs may use before a measurement begins, averaged over `LOOK_MS`. */
const QUIET_CORES = 0.12;
const LOOK_MS = 250;

export interface Machine {
  readonly processor: string;
  /** Family and model number, where the processor's name is that of many; null if unknown. */
  readonly model: string | null;
  /** Its best instruction set that our kernels are written for. */
  readonly isa: Isa | null;
  /** The instruction set that all were held to with `--isa`; null if they chose themselves. */
  readonly heldTo: Isa | null;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly platform: string;
}

/** @param held instruction set that this run is held to */
export function describeMachine(held: Isa | null = null): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    model: processorModel(),
    isa: processorIsas()[0] ?? null,
    heldTo: held,
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}

function processorModel(): string | null {
  if (process.platform !== 'linux') return null;
  const text = readFileSync('/proc/cpuinfo', 'utf8');
  const numberOf = (field: string): string | undefined =>
    new RegExp(`^${field}\\s*: *(\\d+)$`, 'm').exec(text)?.[1];
  const [family, model] = [numberOf('cpu family'), numberOf('model')];
  return family === undefined || model === undefined ? null : `family ${family} model ${model}`;
}

/**
 * The processor and the instruction set in use: results of two machines with the same are of one
 * kind, and the later ones replace the earlier ones.
 */
export function processorKey(
  { processor, model, isa, heldTo }: Machine,
  card?: string | null,
): string {
  const name = model === null ? processor : `${processor} (${model})`;
  const best = isaTitle(isa);
  const on = card === undefined || card === null ? '' : `${card}, `;
  if (heldTo !== null && heldTo !== isa)
    return `${on}held to ${isaTitle(heldTo) ?? heldTo} on ${name}`;
  return `${on}${name}${best === null ? '' : ` with ${best}`}`;
}

/** Describes the measured machine in one sentence. */
export function machineLine(machine: Machine, card?: string | null): string {
  const { heldTo, isa, cores, memoryGiB, platform } = machine;
  const key = processorKey(machine, card);
  const said = heldTo !== null && heldTo !== isa ? `Measured ${key}` : `Measured on ${key}`;
  return `${said}, ${String(cores)} cores, ${String(memoryGiB)} GiB, ${platform}.`;
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
