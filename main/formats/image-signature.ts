export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'bmp' | 'avif' | 'heic';

/** Endings (lower case, with the dot) under which the supported formats are stored. */
export const IMAGE_ENDINGS: readonly string[] = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp'],
  ...['.gif', '.tif', '.tiff', '.bmp', '.dib', '.avif'],
  ...['.heic', '.heif', '.hif'],
];

export type ImageSignature =
  | { readonly kind: 'supported'; readonly format: ImageFormat }
  /** A known format that is not taken: its name and why or what to do. */
  | { readonly kind: 'refused'; readonly name: string; readonly hint: string }
  | { readonly kind: 'unknown' };

const CONVERT = 'Convert it to JPEG or PNG.';
const SVG =
  'SVG is refused because it can hold programs and refer to other files; convert it to PNG.';

const supported = (format: ImageFormat): ImageSignature => ({ kind: 'supported', format });
const refused = (name: string, hint = CONVERT): ImageSignature => ({ kind: 'refused', name, hint });

/**
 * Recognises an image by its first bytes; the file's name is not asked. Only what comes back as supported may
 * reach a decoder, so that the decoder's other formats stay shut.
 *
 * @param head at least the first 512 bytes (or the whole file when it is shorter)
 */
export function imageSignature(head: Uint8Array): ImageSignature {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 512)).toString(
    'latin1',
  );
  if (text.startsWith('\u00ff\u00d8\u00ff')) return supported('jpeg');
  if (text.startsWith('\u0089PNG\r\n\u001a\n')) return supported('png');
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return supported('gif');
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return supported('webp');
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return supported('tiff');
  if (text.startsWith('BM') && head.length >= 26) return supported('bmp');
  if (text.slice(4, 8) === 'ftyp') return isoMedia(text, head);
  if (/^(\u00ef\u00bb\u00bf)?\s*<(svg|\?xml|!--|!doctype svg)/i.test(text))
    return /<svg|doctype svg/i.test(text)
      ? refused('an SVG drawing', SVG)
      : refused('an XML file', 'Only images are supported.');
  if (/^(\u00ff\u000a|\0\0\0\u000cJXL )/.test(text)) return refused('a JPEG XL image');
  if (/^(\0\0\0\u000cjP|\u00ff\u004f\u00ff\u0051)/.test(text)) return refused('a JPEG 2000 image');
  if (text.startsWith('8BPS')) return refused('a Photoshop file');
  if (text.startsWith('%PDF')) return refused('a PDF document');
  if (/^\0\0[\u0001\u0002]\0/.test(text)) return refused('an icon or cursor file');
  if (text.startsWith('\u001f\u008b')) return refused('a gzip file (perhaps SVGZ)', SVG);
  return { kind: 'unknown' };
}

/** Reads the brands of the file type box (ISO/IEC 14496-12, 4.3). */
function isoMedia(text: string, head: Uint8Array): ImageSignature {
  const boxEnd = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0);
  const brands = [text.slice(8, 12)];
  for (let at = 16; at + 4 <= Math.min(boxEnd, text.length); at += 4)
    brands.push(text.slice(at, at + 4));
  if (brands.includes('avif') || brands.includes('avis')) return supported('avif');
  if (brands.some((brand) => /^(hei|hev|mif1|msf1)/.test(brand))) return supported('heic');
  return refused('a video', 'Only still images are supported.');
}
