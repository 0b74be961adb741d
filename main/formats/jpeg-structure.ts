/**
 * How a JPEG file is put together, without decoding it: ITU-T T.81, annex B. Foreign bytes between segments and
 * behind the end are passed over, as decoders do.
 */
export interface JpegStructure {
  /** Marker of the frame, 0xC0 (baseline) … 0xCF; null if absent. */
  readonly frame: number | null;
  /** Bits a sample; 0 without a frame. */
  readonly precision: number;
  /** Scans that begin in the file. */
  readonly scans: number;
  /** Whether the end-of-image marker comes where one is due. */
  readonly ends: boolean;
}

const EOI = 0xd9;
const SOI = 0xd8;
const SOS = 0xda;
const RST0 = 0xd0;
const RST7 = 0xd7;
const TEM = 0x01;

/** SOF0 … SOF15; C4, C8 and CC among them are other segments. */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

export function jpegStructure(file: Uint8Array): JpegStructure {
  let [frame, precision, scans, ends]: [number | null, number, number, boolean] = [
    null,
    0,
    0,
    false,
  ];
  for (let at = 2; ;) {
    const found = nextMarker(file, at);
    if (found === null) break;
    const { marker, behind } = found;
    if (marker === EOI) {
      ends = true;
      break;
    }
    at = behind;
    if (marker === SOI || marker === TEM) continue;
    if (behind + 2 > file.length) break;
    const end = behind + file[behind]! * 256 + file[behind + 1]!;
    if (end < behind + 2 || end > file.length) break;
    if (isFrame(marker) && frame === null) {
      frame = marker;
      precision = file[behind + 2] ?? 0;
    }
    if (marker === SOS) scans += 1;
    at = end;
  }
  return { frame, precision, scans, ends };
}

/** The next marker but stuffed bytes, fill bytes and restarts, and the place behind it. */
function nextMarker(file: Uint8Array, from: number): { marker: number; behind: number } | null {
  for (let at = file.indexOf(0xff, from); at !== -1; at = file.indexOf(0xff, at + 1)) {
    const marker = file[at + 1];
    if (marker === undefined) return null;
    if (marker === 0 || marker === 0xff || (marker >= RST0 && marker <= RST7)) continue;
    return { marker, behind: at + 2 };
  }
  return null;
}
