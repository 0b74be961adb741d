import { homedir } from 'node:os';
import { join, sep } from 'node:path';

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where Hugging Face's and torch's own libraries keep what they downloaded. */
export interface HubPlaces {
  /** The folder with `models--…`. */
  readonly cache: string;
  /** The file with the token that `hf auth login` writes. */
  readonly tokenFile: string;
  /** Checkpoints of `torch.hub`. */
  readonly torch: string;
}

/** The places by `HF_HUB_CACHE`, `HF_HOME`, `TORCH_HOME`, `XDG_CACHE_HOME`, else the defaults. */
export function hubPlaces(environment: Environment): HubPlaces {
  const named = (name: string): string | undefined => {
    const value = environment[name];
    return value ? value.replace(/^~(?=$|[/\\])/, homedir()) : undefined;
  };
  const caches = named('XDG_CACHE_HOME') ?? join(environment['HOME'] || homedir(), '.cache');
  const home = named('HF_HOME') ?? join(caches, 'huggingface');
  return {
    cache: named('HF_HUB_CACHE') ?? named('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    tokenFile: named('HF_TOKEN_PATH') ?? join(home, 'token'),
    torch: join(named('TORCH_HOME') ?? join(caches, 'torch'), 'hub', 'checkpoints'),
  };
}

/** `timm/vit_tiny` → `models--timm--vit_tiny`, the model's folder in the cache. */
export function cacheFolderOf(address: string): string {
  return ['models', ...address.split('/')].join('--');
}

/** The model and the commit that a file in the cache belongs to; null for any other file. */
export function addressOfPath(path: string): { address: string; revision: string } | null {
  const parts = path.split(sep);
  const at = parts.lastIndexOf('snapshots');
  const [kind, ...names] = (parts[at - 1] ?? '').split('--');
  const revision = parts[at + 1];
  if (at < 1 || kind !== 'models' || names.length === 0 || revision === undefined) return null;
  return { address: names.join('/'), revision };
}
