import type { ManifestImage, Split } from '../../../shared/domain/dataset.ts';
import type { DatasetImage } from '../../../shared/domain/library.ts';
import type { StoredImage } from '../store/images.ts';
import { writeFileAtomic } from '../../formats/files.ts';
import { manifestLine } from '../../formats/manifest.ts';

/** File name of the frozen list in a run's folder. */
export const MANIFEST = 'manifest.jsonl';

/** Lines per write. */
const BATCH = 1000;

/** The file is valid and unchanged since the import. */
export function isUsableFile(image: Pick<DatasetImage, 'state'>): boolean {
  return image.state === 'ok' || image.state === 'duplicate';
}

/** Usable images that the user has not excluded. */
export function isUsable(image: Pick<DatasetImage, 'state' | 'excluded'>): boolean {
  return !image.excluded && isUsableFile(image);
}

/** Writes JSON lines of `ManifestImage`, atomically. Returns the number of images per split. */
export async function writeManifest(
  path: string,
  images: Iterable<ManifestImage> | AsyncIterable<ManifestImage>,
): Promise<Record<Split, number>> {
  const counts: Record<Split, number> = { train: 0, val: 0, test: 0 };
  await writeFileAtomic(path, async (append) => {
    let lines: string[] = [];
    const flush = async (): Promise<void> => {
      if (lines.length > 0) await append(Buffer.from(`${lines.join('\n')}\n`));
      lines = [];
    };
    for await (const image of images) {
      counts[image.split]++;
      lines.push(manifestLine(image));
      if (lines.length >= BATCH) await flush();
    }
    await flush();
  });
  return counts;
}

/**
 * The usable images of a dataset under another class list.
 * @param indices new class index by the dataset's; images with an unmapped class are left out
 */
export function* manifestImages(
  images: Iterable<StoredImage>,
  indices: ReadonlyMap<number, number>,
): Generator<ManifestImage> {
  for (const image of images) {
    const own = [image.label, ...image.furtherLabels];
    const labels = own.flatMap((label) => indices.get(label) ?? []);
    if (!isUsable(image) || labels.length < own.length) continue;
    labels.sort((a, b) => a - b);
    const { path, sha256, width, height, split } = image;
    yield { path, sha256, width, height, labels, split };
  }
}
