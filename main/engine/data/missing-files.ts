import { access } from 'node:fs/promises';
import { systemCode } from '../../formats/files.ts';

/** Files looked for at once. */
const AT_ONCE = 32;

/**
 * The images whose files are gone, in their order. What else may be wrong with a file is told when
 * it is read; one that is decoded in the cache is not.
 */
export async function missingFiles<T extends { readonly path: string }>(
  images: readonly T[],
): Promise<T[]> {
  const missing = new Set<T>();
  const waiting = images.values();
  const look = async (): Promise<void> => {
    for (const image of waiting)
      await access(image.path).catch((error: unknown) => {
        if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) missing.add(image);
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return images.filter((image) => missing.has(image));
}
