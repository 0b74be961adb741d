import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './built.mjs';
import { Progress } from './progress.mjs';
import { SetupProblem } from './setup-problem.mjs';

/**
 * Run by `karst serve` in a checkout as a separate process: builds the pages when they are missing
 * or out of date. On failure it prints one line of JSON with `message` and `hint` on standard
 * output.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

try {
  await ensureBuilt(ROOT, ['renderer'], process.execPath, new Progress());
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  process.stdout.write(`${JSON.stringify({ message: error.message, hint: error.hint })}\n`);
  process.exitCode = 1;
}
