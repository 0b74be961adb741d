/** Evaluation preprocessing: resize, crop, scale to 0..1, subtract `mean`, divide by `std` (per RGB channel). */
export interface Preprocessing {
  /** Side of the square that the model sees, in pixels. */
  readonly imageSize: number;
  readonly interpolation: 'bicubic' | 'bilinear';
  /** timm's crop_pct: the shorter side is resized to floor(imageSize / cropFraction) before the centre crop. */
  readonly cropFraction: number;
  /** `center`: shorter side, then centre crop. `squash`: both sides to the square, ratio not kept. */
  readonly cropMode: 'center' | 'squash';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}
