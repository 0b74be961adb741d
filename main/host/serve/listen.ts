import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KarstError } from '../../../shared/domain/errors.ts';

export const LOOPBACK = '127.0.0.1';

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
