import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Prediction } from '../../../shared/domain/metrics.ts';

/** Where a picture comes from: a file that the window holds, or one that the host finds by its path. */
export type Source =
  { readonly kind: 'file'; readonly file: File } | { readonly kind: 'path'; readonly path: string };

/** One picture and what the adapter says of it. */
export interface TriedImage {
  readonly id: number;
  readonly name: string;
  readonly source: Source;
  /** Names it for the host once it has it. */
  readonly media: string | null;
  readonly state: 'waiting' | 'answered' | 'failed';
  readonly predictions: readonly Prediction[];
  readonly error: ErrorReport | null;
}

/** As it is before it has been asked about, or is asked about anew. */
export function waiting(image: Pick<TriedImage, 'id' | 'name' | 'source' | 'media'>): TriedImage {
  const { id, name, source, media } = image;
  return { id, name, source, media, state: 'waiting', predictions: [], error: null };
}

/** Endings of what the host decodes. */
export const IMAGE_ENDINGS = [
  ...['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp'],
  ...['gif', 'tif', 'tiff', 'bmp', 'dib', 'avif', 'heic', 'heif', 'hif'],
] as const;

/** Whether a file is worth sending. Some platforms give no type: then the name decides. */
export function isImage(file: { readonly name: string; readonly type: string }): boolean {
  if (file.type !== '') return file.type.startsWith('image/');
  const ending = file.name.split('.').at(-1)?.toLowerCase() ?? '';
  return IMAGE_ENDINGS.some((known) => known === ending);
}
