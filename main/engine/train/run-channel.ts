import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';

/** A control request waiting to be handled between two steps. */
export type PendingControl = 'none' | 'pause' | 'stop' | 'suspend';

/** The channel from a training run to its host. */
export interface RunChannel {
  emit(event: EngineEvent): void;
  /** Reports progress, throttled except for the first and last event of a phase. */
  progress(
    phase: Extract<EngineEvent, { type: 'progress' }>['phase'],
    done: number,
    total: number,
    secondsLeft?: number | null,
  ): void;
  /** Yields to incoming messages, which training steps block, and returns the pending control. */
  pendingControl(): Promise<PendingControl>;
  /** Waits while paused; returns the control that ended the pause. */
  whilePaused(): Promise<PendingControl>;
}
