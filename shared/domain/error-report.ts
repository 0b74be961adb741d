import * as v from 'valibot';
import { immutable } from './immutable.ts';

/**
 * The closed set of error codes. Codes are stable: scripts match on them. Every error has a
 * sentence with the file or item and the reason, and a hint with the remedy.
 */
export const ERROR_CODES = [
  'usage', // wrong command line or setting
  'not-found', // no file, folder or library entry of that name
  'ambiguous-name', // a name that fits several library entries
  'name-taken', // a name that another library entry has
  'already-added', // the library has it, under the name in `entry`
  'in-use', // cannot be removed while something depends on it
  'not-readable', // the file system refuses to read
  'not-writable', // the file system refuses to write, or the disk is full
  'file-damaged', // truncated, corrupt, checksum differs
  'file-changed', // no longer the file that was imported (sha256 differs)
  'hub-changed', // the hub has a newer commit than the one that was shown
  'format-unsupported', // a recognised but unsupported format
  'format-unknown', // not recognised at all
  'heads-unknown', // the number of attention heads of a backbone is unknown or impossible
  'not-available', // planned, but not in this version
  'backbone-mismatch', // adapter or run made for another backbone
  'unreachable', // a host of the network does not answer as it should, or the transfer was cut
  'access-refused', // a host wants terms accepted, or another token
  'dataset-unusable', // too few images or classes
  'config-invalid', // a hyperparameter out of its limits
  'run-state', // the run is not in a state that allows this
  'checkpoint-invalid', // no checkpoint verifies
  'verification-failed', // merged or exported model differs beyond tolerance
  'accuracy-loss', // an exported model loses so much accuracy that it must be confirmed
  'diverged', // loss or gradients are no longer finite
  'out-of-memory',
  'engine-crashed',
  'engine-unavailable', // native TensorFlow is missing or does not load
  'store-damaged', // library.sqlite fails its integrity check
  'cancelled',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error as it crosses process boundaries and as `--json` prints it. */
export const errorReportSchema = immutable(
  v.object({
    code: v.picklist(ERROR_CODES),
    message: v.string(),
    hint: v.string(),
    path: v.exactOptional(v.string()),
    /** Name of the library entry that it is about, for sentences in other languages. */
    entry: v.exactOptional(v.string()),
    /** Name of the hint's subject on the command line, such as `--out`; windows have no options. */
    option: v.exactOptional(v.string()),
  }),
);
export type ErrorReport = v.InferOutput<typeof errorReportSchema>;
