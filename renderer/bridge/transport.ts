import type { Call } from '../../shared/contract/window/messages.ts';

/** `connecting` at first, `lost` while reconnecting. */
export type ConnectionState = 'connecting' | 'open' | 'lost';

/** Carries messages to the host and back without interpreting them. */
export interface Transport {
  readonly state: ConnectionState;
  /** Only while the state is `open`. */
  send(call: Call): void;
  /** Path of a dropped or chosen file; null in a browser, which does not reveal it. */
  pathOf(file: File): string | null;
  /** Called once, before anything else. */
  start(receiver: Receiver): void;
  close(): void;
}

export interface Receiver {
  /** A message as received, not validated. */
  message(message: unknown): void;
  stateChanged(state: ConnectionState): void;
}
