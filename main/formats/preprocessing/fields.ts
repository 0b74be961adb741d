import * as v from 'valibot';

/** The limits of what configurations say of a channel, whichever library wrote them. */

/** A mean. */
export const level = v.pipe(v.number(), v.minValue(-1000), v.maxValue(1000));
/** A standard deviation. */
export const spread = v.pipe(v.number(), v.minValue(1e-6), v.maxValue(1000));
/** Of a colour. */
export const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
