import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ProcedureContext } from './context.ts';

/** Strict base64 with padding; Node's decoder ignores invalid characters. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function uploadProcedures({ media }: ProcedureContext): Handlers<'uploads.add'> {
  return {
    async 'uploads.add'({ name, base64 }) {
      const shown = name.trim().slice(0, 200) || 'The picture';
      if (base64.length % 4 !== 0 || !BASE64.test(base64))
        throw new KarstError('usage', `${shown} arrived damaged: it is not base64.`, {
          hint: 'Try again.',
        });
      return { media: await media.addUpload(shown, Buffer.from(base64, 'base64')) };
    },
  };
}
