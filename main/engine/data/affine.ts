/**
 * Maps output to input coordinates: x' = a x + b y + c, y' = d x + e y + f, pixels from the centre.
 */
export interface AffineMap {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export type Colour = readonly [number, number, number];

export function rotationMap(degrees: number): AffineMap {
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return { a: cos, b: sin, c: 0, d: -sin, e: cos, f: 0 };
}

/**
 * Warps a square RGB image, bilinear. Pixels from outside the image get `fill`.
 *
 * @param pixels side × side × 3
 * @returns side × side × 3
 */
export function warp(pixels: Uint8Array, side: number, map: AffineMap, fill: Colour): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const middle = (side - 1) / 2;
  const row = side * 3;
  for (let y = 0; y < side; y++) {
    const v = y - middle;
    let sourceX = map.a * -middle + map.b * v + map.c + middle;
    let sourceY = map.d * -middle + map.e * v + map.f + middle;
    let at = y * row;
    for (let x = 0; x < side; x++, at += 3, sourceX += map.a, sourceY += map.d) {
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const fx = sourceX - left;
      const fy = sourceY - top;
      const from = top * row + left * 3;
      if (left >= 0 && top >= 0 && left < side - 1 && top < side - 1) {
        for (let c = 0; c < 3; c++) {
          const i = from + c;
          const above = pixels[i]! + fx * (pixels[i + 3]! - pixels[i]!);
          const below = pixels[i + row]! + fx * (pixels[i + row + 3]! - pixels[i + row]!);
          out[at + c] = above + fy * (below - above) + 0.5;
        }
        continue;
      }
      for (let c = 0; c < 3; c++) {
        const sample = (dx: number, dy: number) =>
          left + dx >= 0 && left + dx < side && top + dy >= 0 && top + dy < side
            ? pixels[from + dx * 3 + dy * row + c]!
            : fill[c]!;
        const above = sample(0, 0) + fx * (sample(1, 0) - sample(0, 0));
        const below = sample(0, 1) + fx * (sample(1, 1) - sample(0, 1));
        out[at + c] = above + fy * (below - above) + 0.5;
      }
    }
  }
  return out;
}

/** Shifts a square RGB image right and down by whole pixels; uncovered pixels are black. */
export function translate(
  pixels: Uint8Array,
  side: number,
  right: number,
  down: number,
): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const row = side * 3;
  const width = (side - Math.abs(right)) * 3;
  if (width <= 0) return out;
  for (let y = Math.max(0, down); y < Math.min(side, side + down); y++) {
    const from = (y - down) * row + Math.max(0, -right) * 3;
    out.set(pixels.subarray(from, from + width), y * row + Math.max(0, right) * 3);
  }
  return out;
}
