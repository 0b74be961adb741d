import { preferredWeights, type WeightFiles } from '../formats/containers/weight-files.ts';

/** The configurations that weights need. */
const BESIDE: Readonly<Record<WeightFiles['library'], readonly string[]>> = {
  huggingface: ['config.json', 'preprocessor_config.json'],
  open_clip: ['open_clip_config.json'],
};

/**
 * The files of a model that are needed: the best weights that there are, first the file that stands
 * for them, then their parts and configurations, never all. Empty when there are no weights.
 */
export function neededFiles<F extends { readonly path: string }>(
  files: readonly F[],
): readonly F[] {
  const weights = preferredWeights(files.map(({ path }) => path));
  if (weights === null) return [];
  const { main, parts, library } = weights;
  const wanted = [
    (path: string) => path === main,
    (path: string) => parts?.test(path) === true,
    (path: string) => BESIDE[library].includes(path),
  ];
  return wanted.flatMap((is) => files.filter(({ path }) => is(path)));
}

/** Of `neededFiles`, the one that stands for the model: the index of parts, else the weights. */
export function mainFile<F extends { readonly path: string }>(needed: readonly F[]): F | undefined {
  return needed[0];
}
