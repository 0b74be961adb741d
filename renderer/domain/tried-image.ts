import type { ErrorReport } from '../../shared/domain/error-report.ts';
import type { Prediction } from '../../shared/domain/metrics.ts';

/** The source of a picture: a file of the window, a path of the host, or an image of a dataset. */
export type Source =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'dataset'; readonly media: string; readonly truth: string };

export interface NamedSource {
  readonly name: string;
  readonly source: Source;
}

/** One picture with its predictions. */
export interface TriedImage {
  readonly id: number;
  readonly name: string;
  readonly source: Source;
  /** Its name on the host, once uploaded. */
  readonly media: string | null;
  readonly state: 'waiting' | 'answered' | 'failed';
  readonly predictions: readonly Prediction[];
  readonly error: ErrorReport | null;
}

/** Its state before a (repeated) prediction. */
export function waiting(image: Pick<TriedImage, 'id' | 'name' | 'source' | 'media'>): TriedImage {
  const { id, name, source, media } = image;
  return { id, name, source, media, state: 'waiting', predictions: [], error: null };
}

/** Extensions of formats that the host decodes. */
export const IMAGE_ENDINGS = [
  ...['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp'],
  ...['gif', 'tif', 'tiff', 'bmp', 'dib', 'avif', 'heic', 'heif', 'hif'],
] as const;

/** Whether to send a file. Some platforms give no type: then the extension decides. */
export function isImage(file: { readonly name: string; readonly type: string }): boolean {
  if (file.type !== '') return file.type.startsWith('image/');
  const ending = file.name.split('.').at(-1)?.toLowerCase() ?? '';
  return IMAGE_ENDINGS.some((known) => known === ending);
}
