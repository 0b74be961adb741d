import { fileURLToPath } from 'node:url';
import { runCommand } from '../../main/setup/command.mjs';

const SCRIPT = fileURLToPath(new URL('peers/make_task.py', import.meta.url));
/** Classes of the images that are drawn. */
const CLASSES = 100;

/**
 * Writes what ours and the peers start from into a folder: a backbone of random weights, an adapter and a batch.
 *
 * @param timm name of the backbone's shape
 * @throws when the script fails, with what it says
 */
export async function makeTask(
  python: string,
  timm: string,
  batch: number,
  folder: string,
): Promise<void> {
  const words = [SCRIPT, timm, String(batch), String(CLASSES), folder];
  const { code, output } = await runCommand(python, words);
  if (code !== 0) throw new Error(`the task was not made:\n${output}`);
}
