import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { SPLITS, type ManifestImage } from '../../shared/domain/dataset.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { openFile, readError } from './files.ts';

const label = v.pipe(v.number(), v.integer(), v.minValue(0));
const lineSchema = v.pipe(
  v.object({
    path: v.string(),
    sha256: v.string(),
    width: v.number(),
    height: v.number(),
    /** Of an image with one label, as versions before several labels wrote all of them. */
    label: v.optional(label),
    labels: v.optional(
      v.pipe(
        v.array(label),
        v.check((all) => new Set(all).size === all.length, 'a label is named twice'),
      ),
    ),
    split: v.picklist(SPLITS),
  }),
  v.check(
    (line) => (line.label === undefined) !== (line.labels === undefined),
    'it must have either "label" or "labels"',
  ),
);

/** One line of a manifest, parsed as JSON. */
export const manifestImage: v.GenericSchema<unknown, ManifestImage> = v.pipe(
  lineSchema,
  v.transform(({ label: only, labels, ...image }) => ({
    ...image,
    labels: labels ?? (only === undefined ? [] : [only]),
  })),
);

/** One line of a manifest as JSON, which earlier versions can read where the image has one label. */
export function manifestLine({ labels, split, ...image }: ManifestImage): string {
  const [only] = labels;
  const own = labels.length === 1 ? { label: only } : { labels };
  const { path, sha256, width, height } = image;
  return JSON.stringify({ path, sha256, width, height, ...own, split });
}

/**
 * The images of a manifest, line by line.
 *
 * @param faultOf what is wrong with an image for whoever reads it, if anything
 * @throws KarstError not-found; file-damaged, naming the line
 */
export async function* readManifest(
  path: string,
  faultOf: (image: ManifestImage) => string | undefined = () => undefined,
): AsyncGenerator<ManifestImage> {
  let number = 0;
  const damaged = (why: string): KarstError =>
    new KarstError('file-damaged', `Line ${String(number)} of ${path} is not an image: ${why}.`, {
      hint: 'Train a new run on the dataset.',
      path,
    });
  const handle = await openFile(path);
  const lines = createInterface({
    input: handle.createReadStream({ encoding: 'utf8' }),
    crlfDelay: Infinity,
  });
  try {
    for await (const line of lines) {
      number++;
      if (line === '') continue;
      const parsed = v.safeParse(manifestImage, JSON.parse(line));
      if (!parsed.success) throw damaged(parsed.issues[0].message);
      const fault = faultOf(parsed.output);
      if (fault !== undefined) throw damaged(fault);
      yield parsed.output;
    }
  } catch (error) {
    if (error instanceof KarstError) throw error;
    throw error instanceof SyntaxError ? damaged(error.message) : readError(path, error);
  }
}
