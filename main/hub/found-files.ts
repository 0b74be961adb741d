import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readError, systemCode } from '../formats/files.ts';
import { mainFile, neededFiles } from './needed-files.ts';
import { addressOfPath, hubPlaces, type Environment } from './place.ts';

/** A file that another program keeps, perhaps of a backbone. */
export interface FoundFile {
  readonly path: string;
  readonly name: string;
  readonly place: 'huggingface' | 'torch';
}

/** Weights in torch's folder, where any program may leave what it likes. */
const TORCH_WEIGHTS = /\.(pth|pt|bin|safetensors|npz)$/;

/** The weights in the caches of Hugging Face and torch, by name; of a model, its newest ones alone. */
export async function foundFiles(environment: Environment): Promise<FoundFile[]> {
  const { cache, torch } = hubPlaces(environment);
  const found: FoundFile[] = [];
  for (const folder of await namesIn(cache))
    if (folder.startsWith('models--')) {
      const file = await weightsOf(join(cache, folder));
      const name = file === null ? undefined : addressOfPath(file)?.address;
      if (file !== null && name !== undefined)
        found.push({ path: file, name, place: 'huggingface' });
    }
  for (const name of await namesIn(torch))
    if (TORCH_WEIGHTS.test(name)) found.push({ path: join(torch, name), name, place: 'torch' });
  return found;
}

/** The weights in the snapshot that `refs/main` names, else in the last one that holds some. */
async function weightsOf(model: string): Promise<string | null> {
  const revisions = await namesIn(join(model, 'snapshots'));
  const main = await readFile(join(model, 'refs', 'main'), 'utf8').catch(() => '');
  for (const revision of [main.trim(), ...revisions.reverse()]) {
    if (!revisions.includes(revision)) continue;
    const folder = join(model, 'snapshots', revision);
    const weights = mainFile(neededFiles((await namesIn(folder)).map((path) => ({ path }))));
    if (weights !== undefined) return join(folder, weights.path);
  }
  return null;
}

/** Names in a folder in their order; none where there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw readError(folder, error);
  }
}
