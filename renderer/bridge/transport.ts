import type { Call } from '../../shared/contract/window/messages.ts';

/** `connecting` at the start, `lost` while a connection that was there is being made anew. */
export type ConnectionState = 'connecting' | 'open' | 'lost';

/** Carries messages to the host and back; knows nothing of what they mean. */
export interface Transport {
  readonly state: ConnectionState;
  /** Only while the state is `open`. */
  send(call: Call): void;
  /** Where a file that was dropped or chosen lies; null in a browser, which does not tell. */
  pathOf(file: File): string | null;
  /** Called once, before anything else. */
  start(receiver: Receiver): void;
  close(): void;
}

export interface Receiver {
  /** A message as it came, not yet checked. */
  message(message: unknown): void;
  stateChanged(state: ConnectionState): void;
}
