import { dirname } from 'node:path';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';

/** TensorFlow's message for a full disk: "PATH; No space left on device". */
const FULL = /((?:\/|[A-Za-z]:[\\/]).*); (?:No space left on device|Disk quota exceeded)/;
const MEMORY = /RESOURCE_EXHAUSTED|Out of memory|OOM|Array buffer allocation failed/;

/** Gives errors that TensorFlow throws as text a code that a user can act on. */
export function failureReport(error: unknown): ErrorReport {
  if (error instanceof KarstError) return error.toReport();
  const text = error instanceof Error ? error.message : String(error);
  // Checked first: TensorFlow reports both as an exhausted resource, with advice about memory.
  const full = FULL.exec(text)?.[1];
  if (full !== undefined) {
    const folder = dirname(full);
    return {
      code: 'not-writable',
      message: `The disk of ${folder}, where compiled programs are kept, is full.`,
      hint: 'Free some space there, or set KARST_CACHE to a folder on another disk. The run can be resumed.',
      path: folder,
    };
  }
  if (MEMORY.test(text))
    return {
      code: 'out-of-memory',
      message: 'There is not enough memory for this job.',
      hint: 'Use a smaller batch or smaller images, or close other programs.',
    };
  return toErrorReport(error);
}
