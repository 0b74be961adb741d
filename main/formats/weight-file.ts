import { open } from 'node:fs/promises';
import { KarstError } from '../../shared/domain/errors.ts';

const CONVERT =
  'Convert it where it comes from: `import torch; from safetensors.torch import save_file; save_file(torch.load(FILE, weights_only=True), "model.safetensors")`.';

/**
 * Looks at the first bytes of a weight file and refuses what is not safetensors with a sentence that says
 * what it is. Never unpickles, never unpacks.
 * @throws format-unsupported, format-unknown, file-damaged (empty)
 */
export async function requireSafetensors(path: string): Promise<void> {
  const file = await open(path, 'r');
  const head = Buffer.alloc(256);
  let length: number;
  try {
    length = (await file.read(head, 0, head.length, 0)).bytesRead;
  } finally {
    await file.close();
  }
  const refuse = (what: string, hint: string): KarstError =>
    new KarstError('format-unsupported', `${path} is ${what}, which this version does not take.`, {
      hint,
      path,
    });
  if (length === 0)
    throw new KarstError('file-damaged', `${path} is empty.`, { hint: 'Take a fresh copy.', path });
  if (head.readUInt32LE(0) === 0x04034b50) {
    const nameLength = head.readUInt16LE(26);
    const name = head.toString('latin1', 30, Math.min(30 + nameLength, length));
    if (name.endsWith('.npy'))
      throw refuse(
        'a NumPy archive (.npz)',
        'Load the model with timm and save its state_dict with safetensors.torch.save_file.',
      );
    throw refuse('a pickled PyTorch checkpoint', CONVERT);
  }
  if (head[0] === 0x80 && (head[1] ?? 255) <= 5) throw refuse('a pickled checkpoint', CONVERT);
  if (head.toString('latin1', 0, 4) === '\x89HDF')
    throw refuse('an HDF5 file (Keras)', 'Take the same model from timm, in safetensors.');
  if (head.toString('latin1', 0, 4) === 'GGUF')
    throw refuse('a GGUF file', 'Take the same model from timm, in safetensors.');
  if (length < 9 || head[8] !== 0x7b)
    throw new KarstError('format-unknown', `${path} is not a safetensors file.`, {
      hint: 'A backbone is one .safetensors file with timm names.',
      path,
    });
}
