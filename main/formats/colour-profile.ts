/**
 * Colours of a display or camera profile made of three curves and a matrix, which is what
 * photographs carry (sRGB, Display P3, Adobe RGB), turned to sRGB. libvips rebuilds its transform
 * for every image, which takes longer than decoding a small photograph; here it is built once per
 * profile. Profiles of another kind stay with libvips. Source: ICC.1:2010, 7.2 (header), 8.3.3
 * (three-component matrix-based profiles), 10.5 and 10.15 (curves).
 */
export interface ColourTransform {
  /** Converts RGB of 8 bits in place. */
  apply(pixels: Uint8Array): void;
}

/** Entries of the table from linear light to sRGB: a fifth of a level apart where the curve is steepest. */
const ENCODED = 16384;

/** From the XYZ of the connection space (D50) to linear sRGB: the inverse of IEC 61966-2-1's primaries adapted to D50. */
const XYZ_TO_SRGB = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;

type Curve = (x: number) => number;

let encoded: Uint8Array | null = null;

/** sRGB levels of linear light 0..1 in `ENCODED` steps. */
function encodingTable(): Uint8Array {
  encoded ??= Uint8Array.from({ length: ENCODED + 1 }, (_, i) => {
    const x = i / ENCODED;
    return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
  });
  return encoded;
}

/** @returns null when the profile is of another kind or not built as it should be */
export function matrixTransform(profile: Uint8Array): ColourTransform | null {
  const tags = readTags(profile);
  if (tags === null || tags.has('A2B0') || tags.has('A2B1')) return null;
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => readXyz(tags.get(name)));
  const curves = ['rTRC', 'gTRC', 'bTRC'].map((name) => readCurve(tags.get(name)));
  if (columns.includes(null) || curves.includes(null)) return null;
  const levels = curves.map((curve) =>
    Float32Array.from({ length: 256 }, (_, level) => curve!(level / 255)),
  );
  const matrix = XYZ_TO_SRGB.map((row) =>
    columns.map((column) => row.reduce<number>((sum, value, i) => sum + value * column![i]!, 0)),
  );
  return { apply: (pixels) => convert(pixels, levels, matrix) };
}

/** Linear light of other primaries (white D65) to linear sRGB, by the code points of ITU-T H.273, table 2. */
const PRIMARIES: ReadonlyMap<number, readonly (readonly number[])[]> = new Map([
  // Display P3 (SMPTE EG 432-1).
  [
    12,
    [
      [1.22494018, -0.22494018, 0],
      [-0.04205695, 1.04205695, 0],
      [-0.01963755, -0.07863605, 1.0982736],
    ],
  ],
  // ITU-R BT.2020.
  [
    9,
    [
      [1.660491, -0.58764114, -0.07284986],
      [-0.12455047, 1.1328999, -0.00834942],
      [-0.01815076, -0.1005789, 1.11872966],
    ],
  ],
  // ITU-R BT.709, which are sRGB's own.
  [
    1,
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  ],
]);

const srgbCurve: Curve = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
const videoCurve: Curve = (x) => (x < 0.081 ? x / 4.5 : ((x + 0.099) / 1.099) ** (1 / 0.45));

/** To linear light, by the code points of ITU-T H.273, table 3. */
const TRANSFERS: ReadonlyMap<number, Curve> = new Map([
  ...[1, 6, 14, 15].map((code): [number, Curve] => [code, videoCurve]),
  [4, (x) => x ** 2.2],
  [5, (x) => x ** 2.8],
  [8, (x) => x],
  [13, srgbCurve],
]);

/** Not said: what most software takes it for. */
const UNSPECIFIED = 2;

/** @returns null for code points that are not known here, among them those of HDR (16, 18) */
export function codePointTransform(primaries: number, transfer: number): ColourTransform | null {
  const matrix = PRIMARIES.get(primaries === UNSPECIFIED ? 1 : primaries);
  const curve = TRANSFERS.get(transfer === UNSPECIFIED ? 13 : transfer);
  if (matrix === undefined || curve === undefined) return null;
  if (curve === srgbCurve && matrix === PRIMARIES.get(1)) return { apply: () => undefined };
  const levels = Float32Array.from({ length: 256 }, (_, level) => curve(level / 255));
  return { apply: (pixels) => convert(pixels, [levels, levels, levels], matrix) };
}

function convert(
  pixels: Uint8Array,
  levels: readonly Float32Array[],
  matrix: readonly (readonly number[])[],
): void {
  const table = encodingTable();
  const [reds, greens, blues] = levels as [Float32Array, Float32Array, Float32Array];
  const [[a, b, c], [d, e, f], [g, h, k]] = matrix as [number[], number[], number[]] as [
    [number, number, number],
    [number, number, number],
    [number, number, number],
  ];
  const level = (linear: number): number =>
    table[linear <= 0 ? 0 : linear >= 1 ? ENCODED : (linear * ENCODED + 0.5) | 0]!;
  for (let i = 0; i < pixels.length; i += 3) {
    const red = reds[pixels[i]!]!;
    const green = greens[pixels[i + 1]!]!;
    const blue = blues[pixels[i + 2]!]!;
    pixels[i] = level(a * red + b * green + c * blue);
    pixels[i + 1] = level(d * red + e * green + f * blue);
    pixels[i + 2] = level(g * red + h * green + k * blue);
  }
}

/** The tags of a profile from RGB to XYZ; null for any other. */
function readTags(profile: Uint8Array): Map<string, DataView> | null {
  if (profile.length < 132) return null;
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  const name = (at: number): string => String.fromCharCode(...profile.subarray(at, at + 4));
  if (name(36) !== 'acsp' || name(16) !== 'RGB ' || name(20) !== 'XYZ ') return null;
  const count = view.getUint32(128);
  if (132 + 12 * count > profile.length) return null;
  const tags = new Map<string, DataView>();
  for (let at = 132; at < 132 + 12 * count; at += 12) {
    const start = view.getUint32(at + 4);
    const size = view.getUint32(at + 8);
    if (size < 8 || start + size > profile.length) return null;
    tags.set(name(at), new DataView(profile.buffer, profile.byteOffset + start, size));
  }
  return tags;
}

const typeOf = (tag: DataView): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => tag.getUint8(i)));
const fixed = (tag: DataView, at: number): number => tag.getInt32(at) / 65536;

function readXyz(tag: DataView | undefined): readonly number[] | null {
  if (tag === undefined || tag.byteLength < 20 || typeOf(tag) !== 'XYZ ') return null;
  return [fixed(tag, 8), fixed(tag, 12), fixed(tag, 16)];
}

function readCurve(tag: DataView | undefined): Curve | null {
  if (tag === undefined || tag.byteLength < 12) return null;
  if (typeOf(tag) === 'curv') return sampledCurve(tag);
  return typeOf(tag) === 'para' ? parametricCurve(tag) : null;
}

function sampledCurve(tag: DataView): Curve | null {
  const count = tag.getUint32(8);
  if (12 + 2 * count > tag.byteLength) return null;
  if (count === 0) return (x) => x;
  if (count === 1) {
    const gamma = tag.getUint16(12) / 256;
    return (x) => x ** gamma;
  }
  const at = (i: number): number => tag.getUint16(12 + 2 * i) / 65535;
  return (x) => {
    const place = x * (count - 1);
    const below = Math.min(count - 2, Math.floor(place));
    return at(below) + (place - below) * (at(below + 1) - at(below));
  };
}

/** Parameters of the five kinds of parametric curves: g, a, b, c, d, e, f as far as the kind has them. */
const PARAMETERS = [1, 3, 4, 5, 7];

function parametricCurve(tag: DataView): Curve | null {
  const kind = tag.getUint16(8);
  const count = PARAMETERS[kind];
  if (count === undefined || 12 + 4 * count > tag.byteLength) return null;
  const [gamma = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: count },
    (_, i) => fixed(tag, 12 + 4 * i),
  );
  const power = (x: number): number => Math.max(0, a * x + b) ** gamma;
  if (kind === 0) return power;
  // Kinds 1 and 2 are split where a·x + b becomes negative; c is what kind 2 adds to both parts.
  if (kind <= 2) return (x) => (x >= -b / a ? power(x) : 0) + (kind === 2 ? c : 0);
  return (x) => (x >= d ? power(x) + e : c * x + f);
}
