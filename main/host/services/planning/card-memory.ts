import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../../../shared/contract/window/system.ts';
import { chosenVariant } from '../../../platform/tensorflow-variant.mjs';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const MIB = 2 ** 20;

/** Timeout of the driver's answer, and how long it stays valid, in milliseconds. */
const PATIENCE_MS = 2000;
const FRESH_MS = 5000;

let asked: { readonly at: number; readonly bytes: number | null } | null = null;

/**
 * Free bytes on the GPU that engines use (TensorFlow's first visible one); null if they use none:
 * TensorFlow without CUDA, the setting `cpu`, no GPU.
 */
export function freeCardMemory({ device }: Pick<Settings, 'device'>): number | null {
  if (device === 'cpu' || chosenVariant(ROOT) !== 'gpu') return null;
  const now = performance.now();
  if (asked === null || now - asked.at > FRESH_MS) asked = { at: now, bytes: askDriver() };
  return asked.bytes;
}

function askDriver(): number | null {
  const visible = process.env['CUDA_VISIBLE_DEVICES'];
  const first = visible?.split(',')[0]?.trim();
  if (first === '' || first === '-1') return null;
  const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits'];
  try {
    const answer = execFileSync('nvidia-smi', [...query, `--id=${first ?? '0'}`], {
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return parseFreeMemory(answer);
  } catch {
    // No driver, or no answer: TensorFlow could not use a GPU either.
    return null;
  }
}

/**
 * The answer of `nvidia-smi --query-gpu=memory.free --format=csv,noheader,nounits`, in bytes; null
 * if it is not a number.
 */
export function parseFreeMemory(answer: string): number | null {
  const [first = ''] = answer.split('\n');
  return /^\s*\d+\s*$/.test(first) ? Number(first) * MIB : null;
}
