/**
 * The first picture of a GIF file, possibly truncated. Layout: GIF89a specification, with its
 * appendix F for LZW.
 */
export interface GifFrame {
  /** Pixels that its descriptor announces. */
  readonly announced: number;
  /** Pixels that its data makes, up to `announced`. */
  readonly present: number;
}

const [EXTENSION, IMAGE, TRAILER] = [0x21, 0x2c, 0x3b];

/**
 * Finds the first picture and counts its pixels where what comes behind it is nothing that may come there: most GIFs are
 * whole and need no count.
 *
 * @returns null when there is no picture, or nothing speaks against it
 */
export function doubtfulFrame(file: Uint8Array): GifFrame | null {
  if (file.length < 13) return null;
  let at = 13 + paletteBytes(file[10]!);
  while (file[at] === EXTENSION) at = blocksEnd(file, at + 2);
  if (file[at] !== IMAGE || at + 11 > file.length) return null;
  const word = (place: number): number => file[place]! + 256 * file[place + 1]!;
  const announced = word(at + 5) * word(at + 7);
  const data = at + 10 + paletteBytes(file[at + 9]!);
  const behind = file[blocksEnd(file, data + 1)];
  if (behind === EXTENSION || behind === IMAGE || behind === TRAILER) return null;
  return { announced, present: countPixels(file, data, announced) };
}

function paletteBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** The position after the blocks from `at` and their empty terminator. */
function blocksEnd(file: Uint8Array, at: number): number {
  while (at < file.length && file[at] !== 0) at += 1 + file[at]!;
  return at + 1;
}

/** Pixels that the LZW codes stand for: of every entry of the table only its length is kept. */
function countPixels(file: Uint8Array, data: number, most: number): number {
  const bits = file[data] ?? 0;
  if (bits < 1 || bits > 11) return 0;
  const [clear, end] = [2 ** bits, 2 ** bits + 1];
  const lengths = new Uint32Array(4096).fill(1, 0, clear);
  let [next, width, previous, pixels] = [end + 1, bits + 1, 0, 0];
  let [held, value] = [0, 0];
  for (let at = data + 1; at < file.length && file[at] !== 0;) {
    const stop = Math.min(at + 1 + file[at]!, file.length);
    for (at += 1; at < stop; at++) {
      value |= file[at]! << held;
      held += 8;
      while (held >= width) {
        const code = value & (2 ** width - 1);
        value >>>= width;
        held -= width;
        if (code === end) return pixels;
        if (code === clear) {
          [next, width, previous] = [end + 1, bits + 1, 0];
          continue;
        }
        // A code not in the table yet is the one being defined.
        const made = code === next && previous > 0 ? previous + 1 : 0;
        const length = code < next ? lengths[code]! : made;
        if (length === 0) return pixels;
        pixels += length;
        if (pixels >= most) return most;
        if (previous > 0 && next < 4096) {
          lengths[next] = previous + 1;
          next += 1;
          if (next === 2 ** width && width < 12) width += 1;
        }
        previous = length;
      }
    }
  }
  return pixels;
}
