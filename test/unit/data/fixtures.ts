import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';

export const IMAGES = fileURLToPath(new URL('../../fixtures/images/', import.meta.url));

export interface Reference {
  /** `timm`, `srgb`, `decoded`, `close` or `normalised`; see make_fixtures.py. */
  readonly kind: string;
  readonly file: string;
  readonly preprocessing: Preprocessing | null;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Reads the entries and metadata of a fixture file made by make_fixtures.py. */
export async function readReferences(
  name: string,
): Promise<{ references: Reference[]; metadata: ReadonlyMap<string, string> }> {
  const file = await SafetensorsFile.open(join(IMAGES, name));
  const settings = JSON.parse(file.metadata.get('settings')!) as Record<
    string,
    Omit<Preprocessing, 'mean' | 'std'>
  >;
  const references: Reference[] = [];
  for (const { name: key, shape } of file.tensors.values()) {
    const [kind, image, setting] = key.split('|');
    const preprocessing =
      setting === undefined
        ? null
        : {
            ...settings[setting]!,
            mean: [0.485, 0.456, 0.406] as const,
            std: [0.229, 0.224, 0.225] as const,
          };
    const bytes = await file.readBytes(key);
    references.push({ kind: kind!, file: image!, preprocessing, shape, bytes });
  }
  await file.close();
  return { references, metadata: file.metadata };
}

/** Mean and largest absolute difference of two arrays. */
export function difference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): { mean: number; max: number } {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let sum = 0;
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    sum += d;
    max = Math.max(max, d);
  }
  return { mean: sum / a.length, max };
}
