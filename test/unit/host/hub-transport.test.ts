import { expect, it } from 'vitest';
import { unreachable } from '../../../main/hub/transport.ts';

const failure = (message: string, fields: object): Error =>
  Object.assign(new Error(message), fields);

it.each([
  [
    failure('getaddrinfo ENOTFOUND hub.example', { code: 'ENOTFOUND', hostname: 'hub.example' }),
    'no name server knows hub.example.',
  ],
  // The name that is not known may be the proxy's.
  [
    failure('getaddrinfo ENOTFOUND proxy.example', {
      code: 'ENOTFOUND',
      hostname: 'proxy.example',
    }),
    'no name server knows proxy.example.',
  ],
  [failure('getaddrinfo EAI_AGAIN', { code: 'EAI_AGAIN' }), 'no name server answers.'],
  [
    failure('connect ECONNREFUSED 192.0.2.1:443', { code: 'ECONNREFUSED', address: '192.0.2.1' }),
    '192.0.2.1 takes no connections.',
  ],
  // Of several addresses, none of which answers: without a message.
  [failure('', { code: 'ECONNREFUSED' }), 'hub.example takes no connections.'],
  [failure('read ECONNRESET', { code: 'ECONNRESET' }), 'the connection was cut.'],
  [
    failure('self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    'its certificate is not one that this computer trusts.',
  ],
  [failure('no answer for too long', {}), 'no answer for too long.'],
])('a host that is not reached is told in words: %s', (error, reason) => {
  const { code, message, hint } = unreachable(new URL('https://hub.example/model'), error);
  expect(code).toBe('unreachable');
  expect(message).toBe(`hub.example cannot be reached: ${reason}`);
  expect(hint).toContain('HTTPS_PROXY');
});
