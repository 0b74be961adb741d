import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import type { Checked } from '../../domain/immutable.ts';
import { countSchema } from '../../domain/scalars.ts';
import { mediaSchema } from '../window/inputs.ts';
import { callSchema, replySchema } from '../window/messages.ts';

/**
 * The messages between the desktop shell and the host, its child process: calls and events of the
 * bridge, pictures for the window's scheme, and closing. JSON, since the two may run on different
 * versions of Node.
 */

const pictureCallSchema = v.strictObject({
  type: v.literal('picture'),
  id: v.pipe(v.number(), v.integer()),
  media: mediaSchema,
  /** Longer side in pixels; null for the original. */
  size: v.nullable(v.pipe(countSchema, v.minValue(1), v.maxValue(9_999))),
});

/** Shell to host. */
export const shellMessageSchema = v.variant('type', [
  callSchema,
  pictureCallSchema,
  /** Suspend runs with a checkpoint, close the library, exit. */
  v.strictObject({ type: v.literal('close') }),
]);
export type ShellMessage = v.InferOutput<typeof shellMessageSchema>;

/** Host to shell. */
export const hostProcessMessageSchema = v.variant('type', [
  ...replySchema.options,
  /** The library is open; earlier calls are answered now. */
  v.object({ type: v.literal('ready') }),
  /** The library cannot be opened; the process exits. */
  v.object({ type: v.literal('failed'), error: errorReportSchema }),
  v.object({
    type: v.literal('picture'),
    id: v.number(),
    contentType: v.string(),
    base64: v.string(),
  }),
]);
export type HostProcessMessage = Checked<typeof hostProcessMessageSchema>;
