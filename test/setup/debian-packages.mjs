import { existsSync } from 'node:fs';
import { runCommand } from '../../main/setup/command.mjs';

/** @import { Progress } from '../../main/setup/progress.mjs' */

/**
 * Installs Debian packages if that needs no consent: on Debian or a derivative, as root. Only for
 * the tests; the product never installs system packages.
 *
 * @param {readonly string[]} names
 * @param {string} what their contents in words, for the progress
 * @param {Progress} progress
 * @returns {Promise<string | null>} null if they are installed, otherwise the reason why not
 */
export async function installDebianPackages(names, what, progress) {
  if (!existsSync('/etc/debian_version')) return 'this is not Debian or a relative of it';
  if (process.getuid?.() !== 0) return 'only root installs packages';
  progress.start(`Installing ${what} from Debian's packages`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env: environment };
  // Wait for a concurrent apt instead of failing.
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  const update = await runCommand('apt-get', [...apt, 'update'], options);
  const install = ['install', '--yes', '--no-install-recommends', ...names];
  const { code, output } = await runCommand('apt-get', [...apt, ...install], options);
  if (code === 0) {
    progress.finish(`${what} installed`);
    return null;
  }
  progress.breakLine();
  const complaint = `${update.output}\n${output}`
    .split('\n')
    .findLast((line) => line.startsWith('E:'));
  return `apt-get failed${complaint === undefined ? '' : ` (${complaint.slice(2).trim()})`}`;
}

/**
 * The command with which the user can install the same packages.
 *
 * @param {readonly string[]} names
 */
export function installLine(names) {
  return `sudo apt-get install --no-install-recommends ${names.join(' ')}`;
}
