import * as v from 'valibot';
import { SPLITS, type ManifestImage } from '../../../shared/domain/dataset.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readTextFile } from '../../formats/files.ts';

const imageSchema = v.object({
  path: v.string(),
  sha256: v.string(),
  width: v.number(),
  height: v.number(),
  label: v.pipe(v.number(), v.integer()),
  split: v.picklist(SPLITS),
});

/** The frozen file list of a run or evaluation: JSON lines of `ManifestImage`. @throws file-damaged */
export async function readManifest(path: string, classes: number): Promise<ManifestImage[]> {
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
    const parsed = v.safeParse(imageSchema, value);
    if (!parsed.success) throw damaged(parsed.issues[0].message);
    const image = parsed.output;
    if (image.label < 0 || image.label >= classes)
      throw damaged(`label ${String(image.label)} of ${String(classes)} classes`);
    return [image];
  });
}
