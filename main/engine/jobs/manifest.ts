import * as v from 'valibot';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { TaskSpec } from '../../../shared/tasks/task.ts';
import { readManifest } from '../../formats/manifest.ts';

/**
 * The frozen file list of a run or evaluation, each image with a target for the task.
 * @throws KarstError not-found, file-damaged
 */
export async function readImages(
  path: string,
  classes: number,
  task: TaskSpec,
): Promise<ManifestImage[]> {
  const lines = readManifest(path, (image) => {
    const unknown = image.labels.find((label) => label >= classes);
    if (unknown !== undefined) return `label ${String(unknown)} of ${String(classes)} classes`;
    return v.safeParse(task.target, image).issues?.[0].message;
  });
  const images: ManifestImage[] = [];
  for await (const image of lines) images.push(image);
  return images;
}

/** The task's targets for the labels of images that `readImages` accepted. */
export function targetsOf(task: TaskSpec, images: readonly ManifestImage[]): unknown[] {
  return images.map((image) => v.parse(task.target, image));
}
