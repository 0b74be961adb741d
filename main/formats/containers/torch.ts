import { KarstError } from '../../../shared/domain/errors.ts';
import { PickleError, readPickle } from './pickle.ts';
import { stateDict } from './state-dict.ts';
import type { ArchivedTensor } from './strides.ts';
import { storageOf, TORCH_GLOBALS } from './torch-tensor.ts';
import type { ZipArchive, ZipEntry } from './zip.ts';

/** Names, shapes and places take some hundred bytes a tensor. */
const PICKLE_LIMIT = 64 * 2 ** 20;

/**
 * The tensors of a checkpoint that `torch.save` wrote (its zip form, PyTorch 1.6 and later), by
 * their names. The pickle in it is interpreted, not executed.
 * @param pickle name of its entry, `NAME/data.pkl`
 * @throws KarstError `file-damaged`; `format-unsupported` naming what is not read
 */
export async function torchTensors(
  archive: ZipArchive,
  pickle: string,
): Promise<Map<string, ArchivedTensor>> {
  const { path, entries } = archive;
  const root = pickle.slice(0, pickle.lastIndexOf('/') + 1);
  if (entries.has(`${root}constants.pkl`))
    throw new KarstError('format-unsupported', `${path} is a TorchScript program, not weights.`, {
      hint: 'Save the weights of the model it was made from: torch.save(model.state_dict(), PATH).',
      path,
    });
  await requireLittleEndian(path, entries.get(`${root}byteorder`));
  const entry = entries.get(pickle);
  if (entry === undefined || entry.bytes > PICKLE_LIMIT)
    throw refuse(path, 'has a pickle that is longer than that of any weights');
  try {
    const value = readPickle(await contentOf(entry), {
      globals: TORCH_GLOBALS,
      persistent: (id) => storageOf(id, root, entries),
    });
    return new Map(
      [...stateDict(path, value)].map(([name, { place }]) => [name, { name, ...place }]),
    );
  } catch (error) {
    if (error instanceof PickleError) throw notRead(path, error);
    throw error;
  }
}

async function contentOf(entry: ZipEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.bytes);
  await (
    await entry.open()
  )(0, bytes);
  return bytes;
}

async function requireLittleEndian(path: string, record: ZipEntry | undefined): Promise<void> {
  if (record === undefined) return;
  const order = Buffer.from(await record.head(16)).toString('latin1');
  if (order === 'little') return;
  throw new KarstError(
    'format-unsupported',
    `${path} stores its numbers in the byte order ${JSON.stringify(order)}; only "little" is read.`,
    { hint: 'Save it again on a usual computer (x86 or ARM).', path },
  );
}

function notRead(path: string, error: PickleError): KarstError {
  if (error.global === null) return refuse(path, `has a pickle that ${error.message}`);
  return new KarstError(
    'format-unsupported',
    `${path} is not only a dictionary of tensors: it needs ${error.global.slice(0, 200)}, and whatever else its author wrote could run.`,
    {
      hint: `If you trust where it comes from, convert it in Python: import torch; from safetensors.torch import save_file; state = torch.load(PATH, map_location="cpu", weights_only=False); save_file({k: v.contiguous() for k, v in state.items()}, "model.safetensors"); instead of state, its part with the weights, such as state["model"].`,
      path,
    },
  );
}

function refuse(path: string, what: string): KarstError {
  return new KarstError('file-damaged', `${path} ${what}.`, {
    hint: 'Download it again, or use the safetensors file of the same model.',
    path,
  });
}
