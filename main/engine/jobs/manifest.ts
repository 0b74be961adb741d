import * as v from 'valibot';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { TaskSpec } from '../../../shared/tasks/task.ts';
import { readTextFile } from '../../formats/files.ts';
import { manifestImage } from '../../formats/manifest.ts';

/**
 * The frozen file list of a run or evaluation: JSON lines of `ManifestImage`, each with a target for the task.
 * @throws file-damaged
 */
export async function readManifest(
  path: string,
  classes: number,
  task: TaskSpec,
): Promise<ManifestImage[]> {
  const lines = (await readTextFile(path)).split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    const damaged = (why: string): KarstError =>
      new KarstError(
        'file-damaged',
        `Line ${String(index + 1)} of ${path} is not an image: ${why}.`,
        {
          hint: 'Make a new run from the dataset.',
          path,
        },
      );
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw damaged(error instanceof Error ? error.message : String(error));
    }
    const parsed = v.safeParse(manifestImage, value);
    if (!parsed.success) throw damaged(parsed.issues[0].message);
    const image = parsed.output;
    const unknown = image.labels.find((label) => label >= classes);
    if (unknown !== undefined)
      throw damaged(`label ${String(unknown)} of ${String(classes)} classes`);
    const target = v.safeParse(task.target, image);
    if (!target.success) throw damaged(target.issues[0].message);
    return [image];
  });
}

/** The task's targets for the labels of images that `readManifest` accepted. */
export function targetsOf(task: TaskSpec, images: readonly ManifestImage[]): unknown[] {
  return images.map((image) => v.parse(task.target, image));
}
