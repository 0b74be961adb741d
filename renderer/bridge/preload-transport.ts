import type { Call } from '../../shared/contract/window/messages.ts';
import type { ConnectionState, Receiver, Transport } from './transport.ts';

/** The one channel of Electron's IPC, by way of the preload script. It is there as long as the window is. */
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
    this.#port.send(call);
  }

  pathOf(file: File): string | null {
    return this.#port.pathOf(file) || null;
  }

  close(): void {
    // The shell ends the channel with the window.
  }
}
