import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { firstLineOf, runCommand } from '../../main/setup/command.mjs';
import { engineEnvironment } from '../../main/platform/engine-environment.mjs';

/** The device under measurement: the processor, or the graphics card that our engine finds. */
export interface Device {
  readonly kind: 'cpu' | 'gpu';
  /** Name reported by the driver; null for the processor. */
  readonly card: string | null;
  /** Device string for PyTorch. */
  readonly torch: 'cpu' | 'cuda';
}

export const PROCESSOR: Device = { kind: 'cpu', card: null, torch: 'cpu' };

/** Exit code when a graphics card is requested and the engine finds none. */
export const NO_CARD_EXIT = 3;
export const NO_CARD =
  'The bench on a graphics card was not run: the engine finds no CUDA or WebGPU device on this machine.';

const PROBE = fileURLToPath(new URL('our-device.ts', import.meta.url));
const found = v.object({ device: v.picklist(['cpu', 'gpu']) });

/** Returns the name of the card that the engine runs on; null if it runs on the processor. */
export async function findCard(): Promise<string | null> {
  const env = { ...process.env, ...engineEnvironment() };
  const { code, output } = await runCommand(process.execPath, [PROBE], { env });
  const line = output.split('\n').find((one) => one.startsWith('{'));
  if (code !== 0 || line === undefined) throw new Error(`the engine does not start:\n${output}`);
  if (v.parse(found, JSON.parse(line)).device === 'cpu') return null;
  return firstLineOf('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']) ?? 'unnamed';
}

/** The card; PyTorch uses it only if CUDA is available to it. */
export function cardDevice(card: string, python: string): Device {
  const question = 'import torch; print(torch.cuda.is_available())';
  return {
    kind: 'gpu',
    card,
    torch: firstLineOf(python, ['-c', question]) === 'True' ? 'cuda' : 'cpu',
  };
}
