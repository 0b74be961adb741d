import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';

/** A control that waits to be handled between two steps. */
export type PendingControl = 'none' | 'pause' | 'stop' | 'suspend';

/** A training's channel to its host. */
export interface RunChannel {
  emit(event: EngineEvent): void;
  /** Throttled, except for the first and the last event of a phase. */
  progress(
    phase: Extract<EngineEvent, { type: 'progress' }>['phase'],
    done: number,
    total: number,
    secondsLeft?: number | null,
  ): void;
  /** Yields to incoming messages, which a training step blocks, and returns the pending control. */
  pendingControl(): Promise<PendingControl>;
  /** Waits while paused; returns the control that ended the pause. */
  whilePaused(): Promise<PendingControl>;
}
