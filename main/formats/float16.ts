/**
 * Half precision (IEEE binary16) and bfloat16, both ways. Narrowing rounds once, to the nearest and ties to
 * even, from float64 as well as from float32; NaN stays NaN and overflow becomes infinity.
 */

const MANTISSA = 0x7fffff;

let halfTable: Float32Array | null = null;

/** The value of each of the 65,536 half-precision bit patterns. */
function halfValues(): Float32Array {
  if (halfTable !== null) return halfTable;
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 0x3ff;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  halfTable = table;
  return table;
}

/** Widens little-endian half-precision bit patterns; exact. */
export function halfToFloat32(bits: Uint16Array, out: Float32Array): void {
  const table = halfValues();
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]!]!;
}

/** Widens bfloat16 bit patterns; exact. */
export function bfloat16ToFloat32(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
}

const wide = new Float64Array(1);
const wideWords = new Uint32Array(wide.buffer);

/**
 * Narrows to a format with `fractionBits` stored bits of fraction and smallest normal exponent `lowest`
 * (-14 for binary16, -126 for bfloat16).
 */
function narrow(
  values: Float32Array | Float64Array,
  out: Uint16Array,
  fractionBits: number,
  lowest: number,
): void {
  const infinity = (3 - 2 * lowest) << fractionBits;
  const one = 2 ** fractionBits;
  for (let i = 0; i < values.length; i++) {
    wide[0] = values[i]!;
    const high = wideWords[1]!;
    const sign = (high >>> 16) & 0x8000;
    const exponent = ((high >>> 20) & 0x7ff) - 1023;
    if (exponent === 1024) {
      const isNaN = (high & 0xfffff) !== 0 || wideWords[0] !== 0;
      out[i] = sign | infinity | (isNaN ? one >> 1 : 0);
      continue;
    }
    const scale = exponent < lowest ? lowest : exponent;
    // The value in units of its last kept bit is exact; adding and subtracting 2^52 rounds it half to even.
    const units = Math.abs(wide[0]) * 2 ** (fractionBits - scale);
    const rounded = units + 4503599627370496 - 4503599627370496;
    // A carry out of the fraction increments the exponent by itself, up to infinity.
    const bits =
      scale - lowest > 1 - 2 * lowest ? infinity : ((scale - lowest) << fractionBits) + rounded;
    out[i] = sign | (bits > infinity ? infinity : bits);
  }
}

/** Rounds to half precision; magnitudes from 65520 up become infinite. */
export function toHalf(values: Float32Array | Float64Array, out: Uint16Array): void {
  narrow(values, out, 10, -14);
}

/** Rounds to bfloat16. */
export function toBfloat16(values: Float32Array | Float64Array, out: Uint16Array): void {
  if (values instanceof Float64Array) {
    narrow(values, out, 7, -126);
    return;
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const special = (word & 0x7f800000) === 0x7f800000;
    if (special) out[i] = (word >>> 16) | ((word & MANTISSA) !== 0 ? 0x40 : 0);
    else out[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}
