import { KarstError } from '../../shared/domain/errors.ts';

/**
 * Weight files of formats that are not read, recognised by their first bytes so that the error can
 * say what the file is and how to convert it. They are not parsed further.
 */

const CONVERT_TORCH =
  'Save it again in Python, with PyTorch 1.6 or newer: torch.save(torch.load(PATH, map_location="cpu", weights_only=True), "weights.pt").';

interface Foreign {
  readonly what: string;
  readonly hint: string;
}

const PICKLE: Foreign = {
  what: 'is a PyTorch checkpoint of the form before version 1.6, a pickle that is not in a zip',
  hint: CONVERT_TORCH,
};
const NPY: Foreign = {
  what: 'is a single NumPy array',
  hint: 'Use the file with all arrays of the model: .npz, or safetensors.',
};
const ONNX: Foreign = {
  what: 'is an ONNX model, which can be exported to but not adapted',
  hint: 'Use the weights it was made from, saved with safetensors.torch.save_file.',
};
const HDF5: Foreign = {
  what: 'is an HDF5 file (Keras)',
  hint: 'Save the weights under their timm names with safetensors.numpy.save_file.',
};
const GGUF: Foreign = {
  what: 'is a GGUF file, a format for language models',
  hint: 'Use the safetensors file of a vision transformer.',
};
const GZIP: Foreign = {
  what: 'is compressed by gzip',
  hint: 'Unpack it and name the file with the weights inside.',
};
const TAR: Foreign = {
  what: 'is a tar archive (very old PyTorch checkpoints are such)',
  hint: `Unpack it, or: ${CONVERT_TORCH}`,
};
const LFS: Foreign = {
  what: 'is only a Git LFS pointer; the weights themselves were not downloaded',
  hint: 'Run "git lfs pull" in the repository it came from.',
};
const HTML: Foreign = {
  what: 'is a web page, probably an error page saved in place of the weights',
  hint: 'Download the file again.',
};
const JSON_TEXT: Foreign = {
  what: 'is a JSON file, not weights',
  hint: 'Name the file with the weights that belongs to it, or its folder.',
};

const ascii = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

function isPickle(head: Uint8Array): boolean {
  // Protocols 2 to 5 open with PROTO n; torch.save before 1.6 then writes its magic number as LONG1.
  if (head[0] !== 0x80 || head[1]! < 2 || head[1]! > 5) return false;
  return [0x8a, 0x95, 0x7d, 0x5d, 0x63, 0x4b, 0x28].includes(head[2]!);
}

function isOnnx(head: Uint8Array): boolean {
  // ModelProto: field 1 (ir_version) as a small varint, then producer name, domain, graph or opset.
  return head[0] === 0x08 && head[1]! < 0x20 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(head[2]!);
}

/**
 * Recognises an unsupported format.
 *
 * @param head the first bytes of the file, up to 64 KiB
 * @returns the error to throw, or null when the format is not known
 */
export function foreignWeights(head: Uint8Array, path: string): KarstError | null {
  const found = recognise(head);
  if (found === null) return null;
  const code = found === LFS || found === HTML ? 'file-damaged' : 'format-unsupported';
  return new KarstError(code, `${path} ${found.what}.`, { hint: found.hint, path });
}

function recognise(head: Uint8Array): Foreign | null {
  const start = ascii(head.subarray(0, 512));
  if (isPickle(head)) return PICKLE;
  if (start.startsWith('\u0093NUMPY')) return NPY;
  if (start.startsWith('\u0089HDF\r\n\u001a\n')) return HDF5;
  if (start.startsWith('GGUF')) return GGUF;
  if (start.startsWith('\u001f\u008b')) return GZIP;
  if (start.slice(257, 262) === 'ustar') return TAR;
  if (start.startsWith('version https://git-lfs')) return LFS;
  if (/^\s*<(!doctype|html|\?xml)/i.test(start)) return HTML;
  if (/^\s*\{/.test(start)) return JSON_TEXT;
  return isOnnx(head) ? ONNX : null;
}
