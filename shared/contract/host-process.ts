import * as v from 'valibot';
import { count, errorReport, media } from './studio/values.ts';
import { callSchema, replySchema, type Reply } from './studio.ts';

/**
 * What the desktop shell and the host, a child process of it, say to each other: the bridge's own messages,
 * pictures for the window's scheme, and the end. JSON, since the two may run on different versions of Node.
 */

const pictureCallSchema = v.strictObject({
  type: v.literal('picture'),
  id: v.pipe(v.number(), v.integer()),
  media,
  /** Longer side in pixels; null for the picture as it is. */
  size: v.nullable(v.pipe(count, v.minValue(1), v.maxValue(9_999))),
});

/** Shell to host. */
export const shellMessageSchema = v.variant('type', [
  callSchema,
  pictureCallSchema,
  /** Suspend what runs with a checkpoint, close the library, end. */
  v.strictObject({ type: v.literal('close') }),
]);
export type ShellMessage = v.InferOutput<typeof shellMessageSchema>;

/** Host to shell. */
export const hostProcessMessageSchema = v.variant('type', [
  ...replySchema.options,
  /** The library is open; calls that came before are answered from now on. */
  v.object({ type: v.literal('ready') }),
  /** The library cannot be opened; the process ends. */
  v.object({ type: v.literal('failed'), error: errorReport }),
  v.object({
    type: v.literal('picture'),
    id: v.number(),
    contentType: v.string(),
    base64: v.string(),
  }),
]);
export type HostProcessMessage =
  | Reply
  | { readonly type: 'ready' }
  | Extract<v.InferOutput<typeof hostProcessMessageSchema>, { type: 'failed' | 'picture' }>;
