import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';

/** What a job asks for between two steps. */
export type PendingControl = 'none' | 'pause' | 'stop' | 'suspend';

/** What a training says to whoever runs it, and what it is told. */
export interface RunChannel {
  emit(event: EngineEvent): void;
  /** May leave out what comes too soon after the last, but for the first and the last of a phase. */
  progress(
    phase: Extract<EngineEvent, { type: 'progress' }>['phase'],
    done: number,
    total: number,
    secondsLeft?: number | null,
  ): void;
  /** Lets messages come in (a training step blocks the process) and says what is wanted now. */
  pendingControl(): Promise<PendingControl>;
  /** Waits while paused; returns what was asked for next. */
  whilePaused(): Promise<PendingControl>;
}
