import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { ACTIVATIONS, POOLS, ROPES, SAID_LIMITS } from './said-words.ts';
import { finiteSchema } from './scalars.ts';

function limited({ min, max, whole }: { min: number; max: number; whole: boolean }) {
  const number = v.pipe(finiteSchema, v.minValue(min), v.maxValue(max));
  return whole ? v.pipe(number, v.integer()) : number;
}

const heads = limited(SAID_LIMITS.heads);

/** What the weights of a network do not tell, in the words of its architecture; what is left out is not said. */
const said = v.strictObject({
  /** Of each stage for networks in stages. */
  heads: v.exactOptional(v.union([heads, v.pipe(v.array(heads), v.minLength(1), v.maxLength(8))])),
  activation: v.exactOptional(v.picklist(ACTIVATIONS)),
  layerNormEpsilon: v.exactOptional(limited(SAID_LIMITS.layerNormEpsilon)),
  /** What becomes of the tokens after the last block. */
  pool: v.exactOptional(v.picklist(POOLS)),
  /** Heads of attention pooling, and whether it includes the tokens before the patches. */
  poolHeads: v.exactOptional(limited(SAID_LIMITS.poolHeads)),
  poolPrefix: v.exactOptional(v.boolean()),
  /** Rotary position embeddings: their kind, base and reference grid. */
  rope: v.exactOptional(v.picklist(ROPES)),
  ropeTheta: v.exactOptional(limited(SAID_LIMITS.ropeTheta)),
  ropeReference: v.exactOptional(limited(SAID_LIMITS.ropeReference)),
  /** Where no position embeddings tell it, or leave open how much of an image no patch covers. */
  imageSize: v.exactOptional(limited(SAID_LIMITS.imageSize)),
});
export const saidSchema = immutable(said);
export type Said = v.InferOutput<typeof saidSchema>;
export const SAID_FIELDS = Object.keys(said.entries) as (keyof Said)[];
