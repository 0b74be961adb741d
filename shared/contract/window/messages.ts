import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import type { Checked } from '../../domain/immutable.ts';

/** Window to host. `id` is the window's number of the call. */
export const callSchema = v.strictObject({
  type: v.literal('call'),
  id: v.pipe(v.number(), v.integer()),
  procedure: v.string(),
  input: v.unknown(),
});
export type Call = v.InferOutput<typeof callSchema>;

/** Host to window. */
export const replySchema = v.variant('type', [
  v.object({ type: v.literal('answer'), id: v.number(), output: v.unknown() }),
  v.object({ type: v.literal('refusal'), id: v.number(), error: errorReportSchema }),
  v.object({ type: v.literal('event'), event: v.string(), payload: v.unknown() }),
]);
export type Reply = Checked<typeof replySchema>;
