import { fileURLToPath } from 'node:url';
import { runCommand } from '../../main/setup/command.mjs';
import type { BenchModel } from './models.ts';

const SCRIPT = fileURLToPath(new URL('peers/make_task.py', import.meta.url));
/** Number of classes of the generated images. */
const CLASSES = 100;

/**
 * Writes the common starting point of ours and the peers into a folder: a backbone with random
 * weights, an adapter and a batch.
 *
 * @throws if the script fails, with its output
 */
export async function makeTask(
  python: string,
  { timm, batch, size }: Pick<BenchModel, 'timm' | 'batch' | 'size'>,
  folder: string,
): Promise<void> {
  const words = [SCRIPT, timm, String(batch), String(CLASSES), folder, String(size)];
  const { code, output } = await runCommand(python, words);
  if (code !== 0) throw new Error(`the task was not made:\n${output}`);
}
