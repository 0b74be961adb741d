import { fileURLToPath } from 'node:url';
import { runCommand } from '../../../native/command.mjs';
import { installedKernels } from '../../../native/kernels-addon.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TELL = fileURLToPath(new URL('../../../native/tell-kernels.mjs', import.meta.url));

/**
 * The level of the kernels that engines use here, by the same function that engines load them with: which ones pass their check
 * is found in a process of its own, when somebody first asks, as a host loads neither them nor TensorFlow.
 *
 * @returns a function whose answer is null where engines use none
 */
export function engineKernels(): () => Promise<string | null> {
  let asked: Promise<string | null> | null = null;
  return () => (asked ??= ask());
}

async function ask(): Promise<string | null> {
  if (process.env['KARST_BACKEND'] === 'tfjs-cpu' || installedKernels(ROOT).length === 0)
    return null;
  const env = { TF_CPP_MIN_LOG_LEVEL: '3', ...process.env };
  const { code, output } = await runCommand(process.execPath, [TELL, ROOT], { env });
  const told = /^\{"level":(?:null|"(\w+)")\}$/m.exec(output);
  // A check that ended its process will end an engine, too, and that is told then; until then plans reckon with what takes more.
  return code === 0 ? (told?.[1] ?? null) : null;
}
