import { basename, dirname } from 'node:path';

/** A free name may get a number behind. */
const LONGEST = 94;
/** Names of files that say nothing; the folder's does. */
const PLAIN = /^(model|pytorch_model|open_clip_model|open_clip_pytorch_model)$/;

/**
 * What a backbone is called whose user names none: as the model, else as its file or folder.
 * @param model name, or address on the hub; null if unknown
 */
export function nameOf(weights: string, model: string | null): string {
  const stem = basename(weights)
    .replace(/\.index\.json$/, '')
    .replace(/\.[^.]+$/, '');
  const place = PLAIN.test(stem) ? basename(dirname(weights)) : stem;
  return fit(model?.split('/').at(-1) ?? place);
}

/** Files and folders may be called what no backbone may. */
function fit(wanted: string): string {
  const name = wanted
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}/\\]+/gu, ' ')
    .replace(/^[\s.-]+/, '')
    .slice(0, LONGEST)
    .trim();
  return name === '' ? 'backbone' : name;
}
