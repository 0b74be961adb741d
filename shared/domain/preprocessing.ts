import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { countSchema, finiteSchema } from './scalars.ts';

const perChannel = v.tuple([finiteSchema, finiteSchema, finiteSchema]);

/** Evaluation preprocessing: resize, crop, scale to 0..1, subtract `mean`, divide by `std` (per RGB channel). */
export const preprocessingSchema = immutable(
  v.object({
    /** Side of the square that the model sees, in pixels. */
    imageSize: countSchema,
    interpolation: v.picklist(['bicubic', 'bilinear']),
    /** timm's crop_pct: the shorter side is resized to floor(imageSize / cropFraction) before the centre crop. */
    cropFraction: finiteSchema,
    /**
     * `center`: shorter side, then centre crop. `squash`: both sides to the square, changing the
     * aspect ratio.
     */
    cropMode: v.picklist(['center', 'squash']),
    mean: perChannel,
    std: perChannel,
  }),
);
export type Preprocessing = v.InferOutput<typeof preprocessingSchema>;
