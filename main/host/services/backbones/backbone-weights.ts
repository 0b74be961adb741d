import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { preferredWeights } from '../../../formats/containers/weight-files.ts';
import { readError } from '../../../formats/files.ts';
import { statOf } from '../paths.ts';

const WEIGHTS = /\.(safetensors|npz|bin|pth|pt)$|\.(safetensors|bin)\.index\.json$/i;
const SHARD = /-\d{5}-of-\d{5}\.(safetensors|bin)$/i;
const SHOWN = 6;

/**
 * The weights at a path: the file itself, or in a folder the file that the libraries would take, or
 * the only one.
 * @throws not-found; ambiguous-name with the names when a folder has several
 */
export async function weightsAt(given: string): Promise<string> {
  const path = resolve(given);
  if (!(await statOf(path)).isDirectory()) return path;
  const names = await readdir(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  const known = preferredWeights(names);
  if (known !== null) return join(path, known.main);
  const found = names.filter((name) => WEIGHTS.test(name)).sort();
  const [name, ...others] = found.filter((one) => !SHARD.test(one));
  if (name === undefined)
    throw new KarstError(
      'not-found',
      found.length === 0
        ? `The folder ${path} holds no file of weights.`
        : `The folder ${path} holds parts of a model (${listed(found)}), but not the index that belongs to them.`,
      {
        hint:
          found.length === 0
            ? 'Name the file itself: safetensors, .npz, .bin, .pth or .pt.'
            : 'Download the file that ends in .index.json, too.',
        path,
      },
    );
  if (others.length > 0)
    throw new KarstError(
      'ambiguous-name',
      `The folder ${path} holds several files of weights: ${listed([name, ...others])}.`,
      { hint: `Choose the file itself, for example ${join(path, name)}.`, path },
    );
  return join(path, name);
}

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
}
