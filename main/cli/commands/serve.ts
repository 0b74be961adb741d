import { KarstError } from '../../../shared/domain/errors.ts';

/** @throws not-available always: the studio in a browser is not part of this version. */
export function run(): Promise<never> {
  return Promise.reject(
    new KarstError('not-available', 'karst serve is not in this version.', {
      hint: 'Every other command works; `karst --help` lists them.',
    }),
  );
}
