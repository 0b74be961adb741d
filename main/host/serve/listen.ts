import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KarstError } from '../../../shared/domain/errors.ts';

export const LOOPBACK = '127.0.0.1';

/** Milliseconds between looks for requests that take too long. */
const CHECK_MS = 1_000;

/**
 * A server that waits for no slow request and holds few connections.
 * @param limits.requestMs for a whole request, however often data arrive
 * @param limits.connections further ones are closed before anything is read
 */
export function limitedServer(limits: { requestMs: number; connections: number }): Server {
  const { requestMs, connections } = limits;
  const server = createServer({
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, requestMs),
    maxHeaderSize: 16 * 2 ** 10,
  });
  server.maxConnections = connections;
  return server;
}

/**
 * Listens on the loopback interface only.
 * @param port 0: any that is free
 * @returns the port
 * @throws in-use when the port is taken; not-available when the system refuses it
 */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(port, error)));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

function listenError(port: number, error: NodeJS.ErrnoException): KarstError {
  const taken = error.code === 'EADDRINUSE';
  return new KarstError(
    taken ? 'in-use' : 'not-available',
    taken
      ? `Port ${port} is used by another program.`
      : `Port ${port} of ${LOOPBACK} cannot be opened: ${error.message}.`,
    { hint: 'Choose another with --port, or leave it out for one that is free.', cause: error },
  );
}
