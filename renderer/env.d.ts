import type { Call } from '../shared/contract/window/messages.ts';

declare global {
  /** What the preload script of the desktop shell exposes; absent in a browser. */
  interface KarstPort {
    send(message: Call): void;
    onMessage(listener: (message: unknown) => void): void;
    /** Where a dropped or chosen file lies; empty for one that has no place on the disk. */
    pathOf(file: File): string;
  }

  interface Window {
    readonly karst?: KarstPort;
  }

  /** The one type of Node's that the shared error codes name. */
  namespace NodeJS {
    interface ErrnoException extends Error {
      code?: string | undefined;
      path?: string | undefined;
    }
  }
}
