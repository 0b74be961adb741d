import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, runCommand } from './command.mjs';

/** @import { Progress } from './progress.mjs' */

/** Electron's own variable: a folder with an Electron to use instead of the npm package's. */
export const ELECTRON_VARIABLE = 'ELECTRON_OVERRIDE_DIST_PATH';

/** Oldest Electron that the pages and the shell support (Chromium 114, Node 18). */
export const OLDEST_ELECTRON = 25;

const PACKAGE = join('node_modules', 'electron');
const BINARIES = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
  linux: 'electron',
};

/**
 * Returns Electron's executable: from the folder named by the environment, else from the npm
 * package, whose install script downloads it on first use.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {string} node the project's Node
 * @param {Progress} progress
 * @returns {Promise<{ path: string } | { missing: string }>} `missing`: the reason as a clause
 */
export async function ensureElectron(root, node, progress) {
  const platform = /** @type {keyof typeof BINARIES} */ (process.platform);
  const named = process.env[ELECTRON_VARIABLE];
  if (named) {
    const path = join(named, BINARIES[platform]);
    if (existsSync(path)) return { path };
    return { missing: `${ELECTRON_VARIABLE} names ${named}, which holds no Electron` };
  }
  const found = installedElectron(root);
  if (found !== null) return { path: found };
  progress.start('Downloading Electron');
  const { code, output } = await runCommand(node, [join(root, PACKAGE, 'install.js')], {
    cwd: root,
  });
  const path = installedElectron(root);
  if (code === 0 && path !== null) {
    progress.finish('Electron downloaded');
    return { path };
  }
  progress.breakLine();
  const reason = output.split('\n').find((line) => /\berror\b/i.test(line)) ?? lastLines(output, 1);
  return { missing: `Electron's binary could not be downloaded (${reason.trim()})` };
}

/**
 * @param {string} root of the checkout
 * @returns {string | null} the npm package's executable; null when it is not downloaded yet
 */
export function installedElectron(root) {
  const record = join(root, PACKAGE, 'path.txt');
  if (!existsSync(record)) return null;
  const path = join(root, PACKAGE, 'dist', readFileSync(record, 'utf8'));
  return existsSync(path) ? path : null;
}

/**
 * Reads Electron's version from the file beside the executable (on macOS beside the bundle).
 *
 * @param {string} electron path of the executable
 * @returns {string | null} null when there is no such file
 */
export function versionOf(electron) {
  const places = [dirname(electron), join(dirname(electron), '..', '..', '..')];
  const file = places.map((folder) => join(folder, 'version')).find((path) => existsSync(path));
  return file === undefined ? null : readFileSync(file, 'utf8').trim().replace(/^v/, '');
}

/**
 * Why the studio cannot run on an Electron: it is older than the pages and the shell support.
 *
 * @param {string} electron path of the executable
 * @returns {string | null} the reason as a clause; null when it can run
 */
export function electronProblem(electron) {
  const version = versionOf(electron);
  if (version === null || Number.parseInt(version, 10) >= OLDEST_ELECTRON) return null;
  return `the Electron in ${dirname(electron)} is version ${version}, and the studio needs ${OLDEST_ELECTRON} or newer`;
}
