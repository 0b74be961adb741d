/** How far an accuracy on n images may be from that on all such images. */

/** Of a normal distribution, for 95 %. */
const Z = 1.96;

/**
 * Binomial standard error of an accuracy, with two right and two wrong images added (Agresti and
 * Coull), so that it is not 0 where all of a few images are right.
 */
export function standardError(accuracy: number, images: number): number {
  const n = images + 4;
  const p = (accuracy * images + 2) / n;
  return Math.sqrt((p * (1 - p)) / n);
}

/** Wilson's 95 % interval of an accuracy. */
export function accuracyInterval(accuracy: number, images: number): readonly [number, number] {
  const scale = 1 + Z ** 2 / images;
  const centre = (accuracy + Z ** 2 / (2 * images)) / scale;
  const spread = (accuracy * (1 - accuracy)) / images + Z ** 2 / (4 * images ** 2);
  const half = (Z * Math.sqrt(spread)) / scale;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
