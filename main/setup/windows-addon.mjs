import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE } from '../platform/addons.mjs';
import { lastLines, runCommand } from './command.mjs';
import { SetupProblem } from './setup-problem.mjs';

/** @import { Progress } from './progress.mjs' */

const STAMP = 'karst-addon.json';

/**
 * Windows uses the prebuilt addon and library of the npm package, since it is unknown whether the
 * library in the Windows wheel works without Python. Modelled on the package's own installer;
 * untested.
 *
 * @param {string} root of the checkout
 * @returns {boolean}
 */
export function isPrebuiltReady(root) {
  return existsSync(join(root, PACKAGE, STAMP));
}

/**
 * @param {string} root of the checkout
 * @param {string} node the project's Node
 * @param {'cpu' | 'gpu'} variant
 * @param {Progress} progress
 * @returns {Promise<void>}
 * @throws {SetupProblem}
 */
export async function ensurePrebuilt(root, node, variant, progress) {
  if (isPrebuiltReady(root)) return;
  progress.start('Installing the prebuilt TensorFlow addon for Windows');
  const folder = join(root, PACKAGE);
  const script = join('scripts', 'install.js');
  const result = await runCommand(node, [script, variant, 'download'], { cwd: folder });
  if (result.code !== 0) {
    throw new SetupProblem(
      `The TensorFlow addon could not be installed. Its installer says:\n${lastLines(result.output)}`,
      'Check the connection and run the set-up again, or use KARST Studio in WSL, where TensorFlow is current.',
    );
  }
  writeFileSync(join(folder, STAMP), JSON.stringify({ prebuilt: variant }));
  progress.finish('TensorFlow addon installed');
}
