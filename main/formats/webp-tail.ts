/**
 * A WebP file whose picture data ends in zeros is sound or lacks its rest: both its codecs end a sound picture within a few
 * bytes of the end of the data, and read zeros, where the rest is missing, as long runs of what is most likely. So the
 * picture of a sound file cannot be decoded without its last bytes, and that of the other can (but for a lossless one of noise
 * in which all levels are equally frequent: there zeros stand for as many pixels as other bytes). Layout: the WebP container
 * specification (RFC 9649).
 */

/** More than an encoder writes behind its last symbol (libvpx: 4 bytes). */
const SPARE = 16;

/** @returns the file without the last zeros of its picture; null when it does not end in zeros */
export function withoutTail(file: Uint8Array): Uint8Array | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunk = pictureChunk(file, view);
  if (chunk === null) return null;
  const { at, parents } = chunk;
  const end = at + 8 + view.getUint32(at + 4, true);
  if (end - SPARE < at + 8 || file.subarray(end - SPARE, end).some((byte) => byte !== 0))
    return null;
  const shorter = Buffer.concat([file.subarray(0, end - SPARE), file.subarray(end)]);
  for (const outer of [...parents, at])
    shorter.writeUInt32LE(shorter.readUInt32LE(outer + 4) - SPARE, outer + 4);
  return shorter;
}

/** The chunk with the data of the first picture, and its enclosing chunks. */
function pictureChunk(
  file: Uint8Array,
  view: DataView,
): { readonly at: number; readonly parents: readonly number[] } | null {
  const parents = [0];
  for (let at = 12; at + 8 <= file.length;) {
    const name = String.fromCharCode(...file.subarray(at, at + 4));
    const end = at + 8 + view.getUint32(at + 4, true);
    if (end > file.length) return null;
    if (name === 'VP8 ' || name === 'VP8L') return { at, parents };
    if (name === 'ANMF') {
      parents.push(at);
      // The frame's place, size, duration and flags come before its chunks.
      at += 8 + 16;
    } else at = end + (end & 1);
  }
  return null;
}
