import type { Call } from '../shared/contract/window/messages.ts';

declare global {
  /** What the preload script of the desktop shell exposes; absent in a browser. */
  interface KarstPort {
    send(message: Call): void;
    onMessage(listener: (message: unknown) => void): void;
    /** Path of a dropped or chosen file; empty if it is not on disk. */
    pathOf(file: File): string;
  }

  interface Window {
    readonly karst?: KarstPort;
  }

  /** The only Node type used by the shared error codes. */
  namespace NodeJS {
    interface ErrnoException extends Error {
      code?: string | undefined;
      path?: string | undefined;
    }
  }
}
