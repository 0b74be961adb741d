import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { firstLineOf, runCommand } from '../../main/setup/command.mjs';
import { engineEnvironment } from '../../main/platform/engine-environment.mjs';

/** What is measured on: the processor, or the graphics card that our engine finds. */
export interface Device {
  readonly kind: 'cpu' | 'gpu';
  /** As the driver names the card; null for the processor. */
  readonly card: string | null;
  /** What PyTorch is told. */
  readonly torch: 'cpu' | 'cuda';
}

export const PROCESSOR: Device = { kind: 'cpu', card: null, torch: 'cpu' };

/** How the bench ends where it is to measure a graphics card and the engine finds none. */
export const NO_CARD_EXIT = 3;
export const NO_CARD =
  'The bench on a graphics card was not run: the engine finds no CUDA or WebGPU device on this machine.';

const PROBE = fileURLToPath(new URL('our-device.ts', import.meta.url));
const found = v.object({ device: v.picklist(['cpu', 'gpu']) });

/** The name of the card that the engine itself runs on; null when it runs on the processor. */
export async function findCard(): Promise<string | null> {
  const env = { ...process.env, ...engineEnvironment() };
  const { code, output } = await runCommand(process.execPath, [PROBE], { env });
  const line = output.split('\n').find((one) => one.startsWith('{'));
  if (code !== 0 || line === undefined) throw new Error(`the engine does not start:\n${output}`);
  if (v.parse(found, JSON.parse(line)).device === 'cpu') return null;
  return firstLineOf('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']) ?? 'unnamed';
}

/** The card, with PyTorch on it where PyTorch has CUDA. */
export function cardDevice(card: string, python: string): Device {
  const question = 'import torch; print(torch.cuda.is_available())';
  return {
    kind: 'gpu',
    card,
    torch: firstLineOf(python, ['-c', question]) === 'True' ? 'cuda' : 'cpu',
  };
}
