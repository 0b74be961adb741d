/**
 * Random numbers as a pure function of (seed, keys), so that a resumed run draws the numbers of an
 * uninterrupted one without state in the checkpoint.
 *
 * The generator is Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC'11): a bijection of a 128-bit counter under a 64-bit key. Uses only integer operations and the
 * basic IEEE operations: the last bit of Math.log and Math.cos depends on the platform.
 */
export interface RandomStream {
  /** A multiple of 2^-53 in [0, 1). Stored as float32 it can round to 1. */
  uniform(): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Unbiased integer in [0, n), 1 ≤ n ≤ 2^32. */
  integer(n: number): number;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Upper 32 bits of the unsigned product a · b. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const low = Math.imul(aLow, bLow) >>> 16;
  const middle = (Math.imul(aLow, bHigh) >>> 0) + low;
  const other = (middle & 0xffff) + (Math.imul(aHigh, bLow) >>> 0);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** Ten rounds of Philox-4x32 on `counter` (4 words) under the key (k0, k1), written to `out` (4 words, signed). */
export function philox(counter: Int32Array, key0: number, key1: number, out: Int32Array): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(c0, MULTIPLIER_0);
    const low0 = Math.imul(c0, MULTIPLIER_0);
    const high1 = multiplyHigh(c2, MULTIPLIER_1);
    const low1 = Math.imul(c2, MULTIPLIER_1);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Chains the words of `keys` through Philox; a tag before each key keeps 1, '1' and ('a', 'b'), ('ab') apart. */
function absorb(keys: readonly (number | string)[]): Int32Array {
  const state = new Int32Array(4);
  let position = 0;
  const add = (word: number) => {
    state[0] = state[0]! ^ word;
    philox(state, position++, 0x6b617273, state);
  };
  for (const key of keys) {
    if (typeof key === 'number') {
      if (Number.isNaN(key)) throw new RangeError('A random stream cannot be keyed by NaN.');
      float[0] = key === 0 ? 0 : key; // -0 and 0 are one key
      add(1);
      add(words[0]!);
      add(words[1]!);
    } else {
      add(2);
      add(key.length);
      for (let i = 0; i < key.length; i++) add(key.charCodeAt(i));
    }
  }
  return state;
}

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

/** ln x for finite x > 0 by fdlibm's e_log.c, in basic operations only: the same bits on every platform. */
function naturalLogarithm(x: number): number {
  let exponent = 0;
  float[0] = x;
  if (x < 2.2250738585072014e-308) {
    float[0] = x * 18014398509481984; // 2^54, out of the subnormals
    exponent = -54;
  }
  let high = words[1]!;
  exponent += (high >> 20) - 1023;
  high &= 0x000fffff;
  const carry = (high + 0x95f64) & 0x100000;
  words[1] = high | (carry ^ 0x3ff00000);
  exponent += carry >> 20;
  const f = float[0] - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even =
    w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
  const odd =
    z *
    (0.666666666666673513 +
      w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + even + odd) + exponent * LN2_LOW) - f);
}

class PhiloxStream implements RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #counter: Int32Array;
  readonly #block = new Int32Array(4);
  #next = 4;
  #spare: number | null = null;

  constructor(state: Int32Array) {
    this.#key0 = state[0]!;
    this.#key1 = state[1]!;
    // The lower half counts blocks, the upper half separates streams beyond the 64-bit key.
    this.#counter = Int32Array.of(0, 0, state[2]!, state[3]!);
  }

  #word(): number {
    if (this.#next === 4) {
      philox(this.#counter, this.#key0, this.#key1, this.#block);
      this.#next = 0;
      const low = (this.#counter[0]! + 1) | 0;
      this.#counter[0] = low;
      if (low === 0) this.#counter[1] = (this.#counter[1]! + 1) | 0;
    }
    return this.#block[this.#next++]!;
  }

  uniform(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * naturalLogarithm(square)) / square);
      this.#spare = v * scale;
      return u * scale;
    }
  }

  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296)
      throw new RangeError(`integer(n) needs a whole n from 1 to 2^32, not ${n}.`);
    const limit = 4294967296 - (4294967296 % n);
    for (;;) {
      const word = this.#word() >>> 0;
      if (word < limit) return word % n;
    }
  }
}

/**
 * The stream that belongs to a seed and keys, for example `randomStream(seed, 'shuffle', epoch)`. Equal
 * arguments give equal numbers on every platform; different arguments give independent streams.
 */
export function randomStream(seed: number, ...keys: readonly (number | string)[]): RandomStream {
  return new PhiloxStream(absorb([seed, ...keys]));
}

/** A uniformly drawn permutation of 0 … n-1 (Fisher–Yates). */
export function shuffledIndices(n: number, stream: RandomStream): Int32Array {
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    const swap = indices[i]!;
    indices[i] = indices[j]!;
    indices[j] = swap;
  }
  return indices;
}
