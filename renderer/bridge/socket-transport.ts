import type { Call } from '../../shared/contract/window/messages.ts';
import type { ConnectionState, Receiver, Transport } from './transport.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8000;

/**
 * Delay before the next attempt after `failures` failed ones: exponential backoff up to eight
 * seconds.
 */
export function waitBefore(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
}

/**
 * The WebSocket of `karst serve`, at the page's own origin. Reconnects automatically, with backoff.
 */
export class SocketTransport implements Transport {
  readonly #url: string;
  readonly #open: (url: string) => WebSocket;
  #socket: WebSocket | null = null;
  #receiver: Receiver | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  state: ConnectionState = 'connecting';

  constructor(url: string, open = (address: string) => new WebSocket(address)) {
    this.#url = url;
    this.#open = open;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#connect();
  }

  send(call: Call): void {
    this.#socket?.send(JSON.stringify(call));
  }

  pathOf(): string | null {
    return null;
  }

  close(): void {
    this.#receiver = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    this.#timer = null;
    const socket = this.#open(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#failures = 0;
      this.#become('open');
    });
    socket.addEventListener('message', (event: MessageEvent<unknown>) => {
      this.#receiver?.message(parsed(event.data));
    });
    // An attempt that fails, and a connection that is lost, both end with `close`.
    socket.addEventListener('close', () => {
      if (this.#receiver === null) return;
      if (this.state === 'open') this.#become('lost');
      this.#timer = setTimeout(() => {
        this.#connect();
      }, waitBefore(this.#failures));
      this.#failures += 1;
    });
  }

  #become(state: ConnectionState): void {
    this.state = state;
    this.#receiver?.stateChanged(state);
  }
}

/** Invalid JSON is passed on as text: the receiver's schema rejects it with a readable error. */
function parsed(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return data;
    throw error;
  }
}

/** Address of the socket that belongs to this page. */
export function socketUrl(location: { protocol: string; host: string }): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/bridge`;
}
