import { isFrame } from './jpeg-structure.ts';

/**
 * What a JPEG file carries beside its picture costs the decoder more than a small picture itself:
 * every EXIF entry becomes a field of the image, every colour profile a transform that is rebuilt.
 * Layout: ITU-T T.81, annex B; EXIF 2.3, 4.6; ICC.1:2010, B.4.
 */
export interface LeanJpeg {
  /** The file without its metadata; of EXIF the orientation alone stays. */
  readonly bytes: Uint8Array;
  /** The embedded colour profile, which is no longer in `bytes`. */
  readonly profile: Uint8Array | null;
}

const SOS = 0xda;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP13 = 0xed;
const COM = 0xfe;
const EXIF = 'Exif\0\0';
const ICC = 'ICC_PROFILE\0';
const ORIENTATION = 0x112;
const SHORT = 3;

/**
 * Takes the metadata out of a JPEG file of three components.
 *
 * @returns null for a file with an unusual structure (left to the decoder), and for one whose
 * profile does not match its pixels or is split
 */
export function leanJpeg(file: Uint8Array): LeanJpeg | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  const kept: Uint8Array[] = [file.subarray(0, 2)];
  let profile: Uint8Array | null = null;
  let orientation: number | null = null;
  for (let at = 2; ;) {
    if (at + 4 > file.length || file[at] !== 0xff) return null;
    const marker = file[at + 1]!;
    // Standalone markers and fill bytes have no place in an ordinary header.
    if (marker < 0xc0 || marker === 0xff) return null;
    if (marker === SOS) {
      kept.push(file.subarray(at));
      break;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (end < at + 4 || end > file.length) return null;
    const body = file.subarray(at + 4, end);
    if (marker === APP1 && begins(body, EXIF)) {
      if (orientation !== null) return null;
      orientation = orientationOf(body.subarray(EXIF.length));
      if (orientation === null) return null;
      if (orientation !== 1) kept.push(orientationSegment(orientation));
    } else if (marker === APP2 && begins(body, ICC)) {
      const [piece, pieces] = [body[ICC.length], body[ICC.length + 1]];
      if (profile !== null || piece !== 1 || pieces !== 1) return null;
      profile = body.subarray(ICC.length + 2);
    } else if (isFrame(marker)) {
      // Length, precision, height, width, then the number of components.
      if (body[5] !== 3) return null;
      kept.push(file.subarray(at, end));
    } else if (![APP1, APP2, APP13, COM].includes(marker)) {
      kept.push(file.subarray(at, end));
    }
    at = end;
  }
  return { bytes: Buffer.concat(kept), profile };
}

function begins(body: Uint8Array, name: string): boolean {
  const wanted = new TextEncoder().encode(name);
  return body.length >= wanted.length && wanted.every((byte, i) => body[i] === byte);
}

/** Of the first directory: 1 … 8, 1 if absent; null if the block has an unusual structure. */
function orientationOf(tiff: Uint8Array): number | null {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 14) return null;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  if (view.getUint16(2, little) !== 42) return null;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return null;
  const entries = view.getUint16(start, little);
  if (start + 2 + 12 * entries > tiff.length) return null;
  for (let at = start + 2; at < start + 2 + 12 * entries; at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const value = view.getUint16(at + 8, little);
    const usual = view.getUint16(at + 2, little) === SHORT && view.getUint32(at + 4, little) === 1;
    return usual && value >= 1 && value <= 8 ? value : null;
  }
  return 1;
}

/** An EXIF block with one entry. */
function orientationSegment(orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, SHORT, 0, 0, 0, 1];
  const body = [...Buffer.from(EXIF), ...tiff, 0, orientation, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([0xff, APP1, 0, body.length + 2, ...body]);
}
