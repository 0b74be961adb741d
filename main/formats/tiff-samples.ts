import { TAG, type TiffTags } from './tiff-directory.ts';

/** The meaning of a TIFF's bands. */
export type TiffReading =
  /** `extras`: further bands that are said to be neither colour nor alpha, and that are left out. */
  | { readonly kind: 'taken'; readonly extras: boolean }
  /** A sentence without its subject, and the way out. */
  | { readonly kind: 'refused'; readonly what: string; readonly hint: string };

/** Bands that are colours, by PhotometricInterpretation: grey twice, RGB, palette, CMYK, YCbCr, CIELab, ICCLab. */
const COLOURS = new Map([
  [0, 1],
  [1, 1],
  [2, 3],
  [3, 1],
  [5, 4],
  [6, 3],
  [8, 3],
  [9, 3],
]);
const RGB = 2;
const [SIGNED, FLOAT] = [2, 3];
/** ExtraSamples: alpha that colours were multiplied with, and alpha that they were not. */
const ALPHA: readonly number[] = [1, 2];
/** Whole numbers without a sign, and "undefined", which all readers take for the same. */
const PLAIN_FORMATS: readonly number[] = [1, 4];
const PLAIN_BITS: readonly number[] = [1, 2, 4, 8, 16];

const refused = (what: string, hint: string): TiffReading => ({ kind: 'refused', what, hint });

/**
 * Says whether the values of a TIFF are colours that mean the same to every reader. A file does not say what level of a
 * floating-point, a signed or a 32-bit sample is white, nor what a band is that is neither a colour nor alpha.
 */
export function readSamples(tags: TiffTags): TiffReading {
  if (tags.has(TAG.dngVersion))
    return refused(
      'is a camera raw file (DNG), which is not supported',
      'Develop it to JPEG or PNG.',
    );
  const bands = tags.get(TAG.samplesPerPixel)?.[0] ?? 1;
  const bits = tags.get(TAG.bitsPerSample) ?? [1];
  const formats = tags.get(TAG.sampleFormat) ?? [1];
  const odd = formats.find((format) => !PLAIN_FORMATS.includes(format));
  const wide = bits.find((count) => !PLAIN_BITS.includes(count));
  if (odd !== undefined || wide !== undefined) {
    const kind =
      odd === FLOAT
        ? 'floating-point'
        : odd === SIGNED
          ? 'signed'
          : odd !== undefined
            ? 'complex'
            : 'whole-number';
    return refused(
      `has ${kind} samples of ${String(wide ?? bits[0])} bits, without the values of black and white`,
      'Convert it to 8 or 16 bits without a sign, with the visible range.',
    );
  }
  const photometric = tags.get(TAG.photometric)?.[0] ?? 1;
  const colours = COLOURS.get(photometric);
  if (colours === undefined)
    return refused(
      `stores its colors by method ${String(photometric)}, which is not supported`,
      'Convert it to RGB.',
    );
  const extras = bands - colours;
  const kinds = tags.get(TAG.extraSamples) ?? [];
  if (extras <= 0) return { kind: 'taken', extras: false };
  const alpha = kinds.filter((kind) => ALPHA.includes(kind)).length;
  if (extras === 1 && alpha === 1) return { kind: 'taken', extras: false };
  // TIFF 6.0: the first three bands of RGB are the picture, and ExtraSamples 0 says "not a part of it".
  if (photometric === RGB && kinds.length === extras && alpha === 0)
    return { kind: 'taken', extras: true };
  return refused(
    `has ${String(bands)} bands, that are not declared as colors or alpha`,
    'Write the visible bands as RGB.',
  );
}
