import { KarstError } from '../../../shared/domain/errors.ts';
import { openFile, readError } from '../files.ts';
import { SafetensorsFile } from '../safetensors.ts';
import { openArchive } from './archive.ts';
import type { TensorContainer } from './container.ts';
import { ShardedFiles } from './sharded.ts';

const SNIFF = 65536;
/** Local header of an entry, and the end of an archive without entries. */
const ZIP_STARTS = ['PK\x03\x04', 'PK\x05\x06'];

/**
 * Opens a file of tensors, recognised by its first bytes, whatever its name: safetensors, `.npz`, a
 * PyTorch checkpoint in its zip form, or the index of a model in several files, which its name tells,
 * too.
 *
 * @throws KarstError `not-found`, `not-readable`, `file-damaged`; `format-unsupported` for weights
 * of another format that is recognised (with the way to convert it), `format-unknown` for anything
 * else
 */
export async function openContainer(path: string): Promise<TensorContainer> {
  const head = await firstBytes(path);
  return isIndex(path, head) ? ShardedFiles.open(path, openOne) : openFrom(path, head);
}

/** Opens a shard, which cannot be an index itself. */
async function openOne(path: string): Promise<TensorContainer> {
  return openFrom(path, await firstBytes(path));
}

async function openFrom(path: string, head: Buffer): Promise<TensorContainer> {
  if (ZIP_STARTS.includes(head.toString('latin1', 0, 4))) return openArchive(path);
  try {
    return await SafetensorsFile.open(path);
  } catch (error) {
    if (!(error instanceof KarstError) || error.code !== 'format-unknown') throw error;
    throw new KarstError('format-unknown', `${path} is no file of weights that is recognized.`, {
      hint: 'Use safetensors, .npz, a PyTorch checkpoint (.bin, .pth, .pt), or the folder with it.',
      path,
      cause: error,
    });
  }
}

function isIndex(path: string, head: Buffer): boolean {
  // A broken one is still one.
  if (path.endsWith('.index.json')) return true;
  const text = head.toString('latin1');
  // The length that a safetensors file begins with has a zero here.
  return head[7] !== 0 && /^\s*\{/.test(text) && text.includes('"weight_map"');
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await openFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFF), 0, SNIFF, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw readError(path, error);
  } finally {
    await handle.close();
  }
}
