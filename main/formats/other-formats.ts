import { extname } from 'node:path';

/** Extensions of files that people keep among images and that are not read, by what they are. */
const OTHER_FORMATS: readonly (readonly [string, readonly string[]])[] = [
  [
    'A raw camera image',
    [
      ...['.3fr', '.arw', '.cr2', '.cr3', '.crw', '.dcr', '.dng', '.erf', '.iiq', '.kdc', '.mef'],
      ...['.mrw', '.nef', '.nrw', '.orf', '.pef', '.raf', '.raw', '.rw2', '.rwl', '.sr2', '.srf'],
      ...['.srw', '.x3f'],
    ],
  ],
  ['A Photoshop file', ['.psd', '.psb']],
  ['A drawing', ['.ai', '.eps', '.svg', '.svgz', '.xcf']],
  ['A PDF document', ['.pdf']],
  ['A JPEG XL or JPEG 2000 image', ['.jxl', '.jp2', '.j2k', '.jpf', '.jpx']],
  ['An image of this format', ['.exr', '.hdr', '.ico', '.pbm', '.pgm', '.pnm', '.ppm', '.tga']],
  ['A medical image', ['.dcm', '.dicom', '.nii']],
  [
    'A video',
    [
      ...['.3gp', '.avi', '.m2ts', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.mts'],
      ...['.webm', '.wmv'],
    ],
  ],
];

const BY_ENDING = new Map(
  OTHER_FORMATS.flatMap(([what, endings]) => endings.map((ending) => [ending, what] as const)),
);

/** What a file is whose format is not read ("A video"); null for other files. */
export function otherFormat(name: string): string | null {
  return BY_ENDING.get(extname(name).toLowerCase()) ?? null;
}
