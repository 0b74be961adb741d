import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

/** Why decoded images are no longer written to the cache folder. */
export function cacheFault(folder: string, reason: string): ErrorReport {
  return new KarstError(
    'not-writable',
    `Decoded images are no longer cached in ${folder}: ${reason}.`,
    {
      hint: 'The job continues, more slowly. Free some space there, or set KARST_CACHE to a folder on another disk.',
      path: folder,
    },
  ).toReport();
}
