import * as v from 'valibot';
import { immutable } from './immutable.ts';

/** What predicts: an adapter on its backbone, or a backbone with a head of its own. */
export const predictorSchema = immutable(
  v.strictObject({ kind: v.picklist(['adapter', 'backbone']), id: v.string() }),
);
export type Predictor = v.InferOutput<typeof predictorSchema>;
