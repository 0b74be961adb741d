import { readFileSync } from 'node:fs';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { EngineExit } from '../contract/engine.ts';

/** Processes killed by the kernel's OOM killer since boot; null where unavailable. */
export function oomKills(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const match = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'));
    return match?.[1] === undefined ? null : Number(match[1]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return null;
    throw error;
  }
}

const MEMORY_WORDS =
  /heap out of memory|std::bad_alloc|Cannot allocate memory|OOM when allocating|RESOURCE_EXHAUSTED|Allocation failed - |Out of memory/i;
const MEMORY_HINT =
  'Choose a smaller batch (with more of them accumulated to keep the effective size) or a smaller adapter, and close other programs.';
const MEMORY_OPTION = '--batch-size, --set accumulate=…';

/** The last meaningful line of stderr, at most 300 characters. */
function lastWords(stderr: string): string {
  const lines = stderr.split(/\r?\n/).map((l) => l.trim());
  const line = lines
    .filter((l) => l !== '' && !l.startsWith('at ') && !l.startsWith('Node.js v'))
    .at(-1);
  return line === undefined ? '' : line.slice(0, 300);
}

/**
 * Why an engine exited without a result.
 * @param oomKillsMore OOM kills since the engine's start
 */
export function crashError(
  exit: EngineExit,
  oomKillsMore: number,
  logFile: string | null,
): KarstError {
  const { code, signal, stderrTail } = exit;
  const how =
    signal !== null
      ? `it was ended by ${signal}`
      : `it ended by itself with the exit code ${code ?? 'unknown'}`;
  const words = lastWords(stderrTail);
  const log = logFile === null ? '' : ` The log is ${logFile}.`;
  const path = logFile === null ? {} : { path: logFile };
  const memory = stderrTail.split(/\r?\n/).find((line) => MEMORY_WORDS.test(line));
  if (memory !== undefined)
    return new KarstError(
      'out-of-memory',
      `The engine ran out of memory: ${how} (${memory.trim().slice(0, 300)}).`,
      {
        hint: `${MEMORY_HINT}${log}`,
        option: MEMORY_OPTION,
        ...path,
      },
    );
  if (signal === 'SIGKILL' && oomKillsMore > 0)
    return new KarstError(
      'out-of-memory',
      'The engine was killed by the system, which had run out of memory (SIGKILL).',
      { hint: `${MEMORY_HINT}${log}`, option: MEMORY_OPTION, ...path },
    );
  if (signal === 'SIGKILL')
    return new KarstError(
      'engine-crashed',
      'The engine was killed from outside (SIGKILL); unless that was intended, the system most likely ran out of memory.',
      { hint: `Resume the run. ${MEMORY_HINT}${log}`, option: MEMORY_OPTION, ...path },
    );
  if (signal === 'SIGILL')
    return new KarstError(
      'engine-crashed',
      'The engine executed an instruction that this processor lacks (SIGILL).',
      {
        hint: `Start KARST Studio with the environment variable KARST_KERNELS=avx2, or none when that does not help.${log}`,
        ...path,
      },
    );
  if (signal === 'SIGBUS')
    return new KarstError(
      'engine-crashed',
      // Images and their cache are read, never mapped; only programs are mapped.
      'The engine could not read a part of its own program files (SIGBUS): one of them was changed or truncated, or their disk is full or failing.',
      {
        hint: `Check the disk of KARST Studio, or reinstall it, and resume the run from its last checkpoint.${log}`,
        ...path,
      },
    );
  return new KarstError(
    'engine-crashed',
    `The engine crashed: ${how}${words === '' ? '' : ` (${words})`}.`,
    { hint: `A run can be resumed from its last checkpoint.${log}`, ...path },
  );
}
