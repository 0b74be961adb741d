import { BridgeClient, type Bridge } from './client.ts';
import { PreloadTransport } from './preload-transport.ts';
import { SocketTransport, socketUrl } from './socket-transport.ts';

export type { Bridge } from './client.ts';
export type { ConnectionState } from './transport.ts';

let current: Bridge | null = null;

/** Over the desktop shell if there is one, else over the socket of `karst serve`. */
export function connect(): Bridge {
  const port = window.karst;
  return new BridgeClient(
    port === undefined
      ? new SocketTransport(socketUrl(window.location))
      : new PreloadTransport(port),
  );
}

/** The page's bridge; tests replace it. */
export function setBridge(bridge: Bridge): void {
  current = bridge;
}

export function useBridge(): Bridge {
  if (current === null) throw new Error('The bridge is used before it is set.');
  return current;
}

/** Address of a picture, for `src`. Size: the longest side in CSS pixels; doubled on dense screens. */
export function mediaUrl(media: string, size?: number): string {
  if (size === undefined) return `/media/${media}`;
  const pixels = Math.round(size * (window.devicePixelRatio > 1 ? 2 : 1));
  return `/media/${media}?size=${pixels}`;
}
