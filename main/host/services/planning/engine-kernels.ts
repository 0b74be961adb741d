import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { installedKernels, kernelsProblem } from '../../../platform/kernels.mjs';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const TELL = fileURLToPath(new URL('../../../platform/tell-kernels.mjs', import.meta.url));

/**
 * The ISA of the kernels that engines use here, by the same function that engines load them with: which ones pass their check
 * is found in a process of its own, when somebody first asks, as a host loads neither them nor TensorFlow.
 *
 * @returns a function whose answer is null where engines use none
 */
export function engineKernels(): () => Promise<string | null> {
  let asked: Promise<string | null> | null = null;
  return () => (asked ??= ask());
}

/** @throws usage if `KARST_KERNELS` names kernels that engines cannot use */
export function requireKernels(): void {
  const problem = kernelsProblem(ROOT);
  if (problem !== null) throw new KarstError('usage', problem.message, { hint: problem.hint });
}

async function ask(): Promise<string | null> {
  if (process.env['KARST_BACKEND'] || installedKernels(ROOT).length === 0) return null;
  const env = { TF_CPP_MIN_LOG_LEVEL: '3', ...process.env };
  return new Promise((resolve) => {
    execFile(process.execPath, [TELL, ROOT], { env }, (error, output) => {
      const told = /^\{"isa":(?:null|"(\w+)")\}$/m.exec(output);
      // A check that ended its process will end an engine, too, and that is told then; until then plans reckon with what takes more.
      resolve(error === null ? (told?.[1] ?? null) : null);
    });
  });
}
