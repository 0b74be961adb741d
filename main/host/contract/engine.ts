import type { HostMessage } from '../../../shared/contract/engine/messages.ts';

/** One engine process: it runs one job and exits. */
export interface EngineHandle {
  send(message: HostMessage): void;
  /** Called with every message, unchecked. */
  onEvent(listener: (raw: unknown) => void): void;
  /** Called once, after the last message. `stderrTail` holds the last lines of its error output. */
  onExit(listener: (exit: EngineExit) => void): void;
  /** Kills it (SIGKILL). */
  kill(): void;
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderrTail: string;
}

/** `logFile`: its standard output and error are appended there; null keeps only the tail of the errors. */
export type EngineSpawner = (options: {
  env: Record<string, string>;
  logFile: string | null;
}) => EngineHandle;
