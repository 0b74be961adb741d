import { existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstLineOf } from '../../main/setup/command.mjs';
import { installDebianPackages, installLine } from './debian-packages.mjs';

/** @import { Progress } from '../../main/setup/progress.mjs' */

/** Environment variable naming a Chromium or Chrome for the tests. */
export const CHROMIUM_VARIABLE = 'KARST_CHROMIUM';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

const PLACES = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  ],
};

/**
 * The browser for the tests: the one named by the environment, the system's, or the one downloaded
 * by Playwright (`npx playwright install chromium`).
 *
 * @param {Record<string, string | undefined>} [environment]
 * @returns {string | null} path of its executable; null if there is none
 */
export function findChromium(environment = process.env) {
  const named = environment[CHROMIUM_VARIABLE];
  if (named) return isFile(named) ? named : null;
  return systemChromium(environment) ?? downloadedChromium();
}

/**
 * Like `findChromium`, but installs one if that is possible without asking: from Debian's packages,
 * as root.
 *
 * @param {Progress} progress
 * @returns {Promise<{ path: string } | { missing: string }>} `missing` is a one-sentence reason
 */
export async function ensureChromium(progress) {
  const found = findChromium();
  if (found !== null) return { path: found };
  const named = process.env[CHROMIUM_VARIABLE];
  if (named) return { missing: `${CHROMIUM_VARIABLE} names ${named}, which is not a file.` };
  const problem = await installDebianPackages(['chromium'], 'Chromium', progress);
  const path = findChromium();
  if (path !== null) return { path };
  return {
    missing:
      `There is no Chromium, and it could not be installed: ${problem ?? 'its package has none'}. ` +
      `Run \`${installLine(['chromium'])}\` or \`npx playwright install chromium\`, or let ${CHROMIUM_VARIABLE} name one.`,
  };
}

/** @param {Record<string, string | undefined>} environment */
function systemChromium(environment) {
  const platform = /** @type {'darwin' | 'win32' | 'linux'} */ (process.platform);
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...(platform === 'linux' ? onPath : PLACES[platform])].find(isFile) ?? null;
}

/**
 * Chromium installed by `npx playwright install chromium`; asks the Playwright package for its
 * path.
 */
function downloadedChromium() {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules');
  const module = join(folder, 'playwright-core');
  if (!existsSync(module)) return null;
  const question = `require(${JSON.stringify(module)}).chromium.executablePath()`;
  const path = firstLineOf(process.execPath, ['-p', question]);
  return path !== null && isFile(path) ? path : null;
}

/** @param {string} path */
function isFile(path) {
  return existsSync(path) && statSync(path).isFile();
}
