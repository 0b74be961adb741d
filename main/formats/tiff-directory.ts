/**
 * Tags of the first directory of a TIFF or BigTIFF file, the one whose picture is decoded. Layout: TIFF 6.0, section 2;
 * the BigTIFF design of libtiff.
 */
export type TiffTags = ReadonlyMap<number, readonly number[]>;

export const TAG = {
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  dngVersion: 50706,
} as const;

const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));

/** Bytes of a value by its type, of those that hold whole numbers without a sign: BYTE, SHORT, LONG, LONG8. */
const SIZES = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
  [16, 8],
]);

/** More values than any sound file of the largest size has strips. */
const MOST_VALUES = 2 ** 22;

/** @returns null when the directory is not all in the file */
export function readTiffTags(file: Uint8Array): TiffTags | null {
  if (file.length < 16) return null;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const little = file[0] === 0x49;
  const big = view.getUint16(2, little) === 43;
  const number = (at: number, bytes: number): number => {
    if (bytes === 1) return view.getUint8(at);
    if (bytes === 2) return view.getUint16(at, little);
    if (bytes === 4) return view.getUint32(at, little);
    return Number(view.getBigUint64(at, little));
  };
  const [word, countBytes, entryBytes] = big ? [8, 8, 20] : [4, 2, 12];
  const start = number(big ? 8 : 4, word);
  if (start < 8 || start + countBytes > file.length) return null;
  const entries = number(start, countBytes);
  const first = start + countBytes;
  if (entries === 0 || first + entries * entryBytes > file.length) return null;
  const tags = new Map<number, number[]>();
  for (let entry = first; entry < first + entries * entryBytes; entry += entryBytes) {
    const tag = number(entry, 2);
    const size = SIZES.get(number(entry + 2, 2));
    if (!WANTED.has(tag) || size === undefined) continue;
    const count = number(entry + 4, word);
    const inside = count * size <= word;
    const at = inside ? entry + 4 + word : number(entry + 4 + word, word);
    if (count > MOST_VALUES || at + count * size > file.length) return null;
    tags.set(
      tag,
      Array.from({ length: count }, (_, i) => number(at + i * size, size)),
    );
  }
  return tags;
}

/** Positions of the pixels, strips or tiles, as far as both lists go. */
export function tiffBlocks(tags: TiffTags): { readonly offset: number; readonly bytes: number }[] {
  const offsets = tags.get(TAG.tileOffsets) ?? tags.get(TAG.stripOffsets) ?? [];
  const counts = tags.get(TAG.tileByteCounts) ?? tags.get(TAG.stripByteCounts) ?? [];
  return offsets.slice(0, counts.length).map((offset, i) => ({ offset, bytes: counts[i] ?? 0 }));
}
