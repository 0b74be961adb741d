import type { RandomStream } from '../random.ts';

/** Gamma(shape, 1) by Marsaglia and Tsang (2000); shapes below 1 by their boost. */
function gamma(shape: number, stream: RandomStream): number {
  if (shape < 1) return gamma(shape + 1, stream) * (1 - stream.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = 1 - stream.uniform();
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A draw from Beta(alpha, alpha), alpha > 0. */
export function drawBeta(alpha: number, stream: RandomStream): number {
  const a = gamma(alpha, stream);
  const b = gamma(alpha, stream);
  // Both can underflow to 0 for tiny alpha, where the distribution is concentrated at 0 and 1.
  if (a + b === 0) return stream.integer(2);
  return a / (a + b);
}

/**
 * Mixup within a batch (Zhang et al., arXiv 1710.09412): row i becomes λ · itself + (1 - λ) · row
 * (rows - 1 - i). A row without an image, and its partner, are unchanged.
 *
 * @param pixels (rows, rowLength), changed in place
 * @param indices per row, -1 where there is no image
 * @returns the partner of each row
 */
export function mixRows(pixels: Float32Array, indices: Int32Array, lambda: number): Int32Array {
  const rows = indices.length;
  const rowLength = pixels.length / rows;
  const partners = Int32Array.from({ length: rows }, (_, row) => row);
  for (let row = 0; row < rows - 1 - row; row++) {
    const partner = rows - 1 - row;
    if (indices[row] === -1 || indices[partner] === -1) continue;
    partners[row] = partner;
    partners[partner] = row;
    let i = row * rowLength;
    let j = partner * rowLength;
    for (const end = i + rowLength; i < end; i++, j++) {
      const a = pixels[i]!;
      const b = pixels[j]!;
      pixels[i] = lambda * a + (1 - lambda) * b;
      pixels[j] = lambda * b + (1 - lambda) * a;
    }
  }
  return partners;
}
