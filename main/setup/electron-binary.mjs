import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, runCommand } from './command.mjs';

/** @import { Progress } from './progress.mjs' */

/** Electron's own variable: a folder with an Electron that was brought otherwise. */
export const ELECTRON_VARIABLE = 'ELECTRON_OVERRIDE_DIST_PATH';

/** The oldest Electron that pages and shell are written for: its Chromium is 114, its Node 18. */
export const OLDEST_ELECTRON = 25;

const PACKAGE = join('node_modules', 'electron');
const BINARIES = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
  linux: 'electron',
};

/**
 * Electron's executable: that of the folder which the environment names, or that of the npm package, which brings
 * its binary by a download of its own when it is first wanted.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {string} node the project's Node
 * @param {Progress} progress
 * @returns {Promise<{ path: string } | { missing: string }>} `missing` says in one sentence why there is none
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
 * @returns {string | null} the executable that the npm package brought; null when it has none yet
 */
export function installedElectron(root) {
  const record = join(root, PACKAGE, 'path.txt');
  if (!existsSync(record)) return null;
  const path = join(root, PACKAGE, 'dist', readFileSync(record, 'utf8'));
  return existsSync(path) ? path : null;
}

/**
 * The version of an Electron, from the file beside its executable (on macOS at the top of its bundle).
 *
 * @param {string} electron path of the executable
 * @returns {string | null} null when it does not say
 */
export function versionOf(electron) {
  const places = [dirname(electron), join(dirname(electron), '..', '..', '..')];
  const file = places.map((folder) => join(folder, 'version')).find((path) => existsSync(path));
  return file === undefined ? null : readFileSync(file, 'utf8').trim().replace(/^v/, '');
}

/**
 * Why the studio's window cannot open in an Electron: it is older than what pages and shell are written for.
 *
 * @param {string} electron path of the executable
 * @returns {string | null} the reason as a clause; null when it can
 */
export function electronProblem(electron) {
  const version = versionOf(electron);
  if (version === null || Number.parseInt(version, 10) >= OLDEST_ELECTRON) return null;
  return `the Electron in ${dirname(electron)} is version ${version}, and the studio needs ${OLDEST_ELECTRON} or newer`;
}
