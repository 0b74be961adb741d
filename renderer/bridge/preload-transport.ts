import type { Call } from '../../shared/contract/window/messages.ts';
import type { ConnectionState, Receiver, Transport } from './transport.ts';

/** Electron's IPC channel, through the preload script. It lives as long as the window. */
export class PreloadTransport implements Transport {
  readonly #port: KarstPort;
  state: ConnectionState = 'connecting';

  constructor(port: KarstPort) {
    this.#port = port;
  }

  start(receiver: Receiver): void {
    this.#port.onMessage((message) => {
      receiver.message(message);
    });
    this.state = 'open';
    receiver.stateChanged('open');
  }

  send(call: Call): void {
    // Electron copies no object that Vue watches over. What a call holds is JSON, and the socket's is copied by that, too.
    this.#port.send(JSON.parse(JSON.stringify(call)) as Call);
  }

  pathOf(file: File): string | null {
    return this.#port.pathOf(file) || null;
  }

  close(): void {
    // The shell closes the channel with the window.
  }
}
