import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { installDebianPackages, installLine } from './debian-packages.mjs';

/** @import { Progress } from '../../main/setup/progress.mjs' */

/**
 * Environment variable naming the description of a software driver of Vulkan, for the tests of
 * graphics cards.
 */
export const VULKAN_VARIABLE = 'KARST_TEST_VULKAN';

/** SwiftShader, which every Chromium brings. */
const DRIVER = 'vk_swiftshader_icd.json';

/** Where Debian's package has the files that are beside the browser elsewhere. */
const DEBIAN = '/usr/lib/chromium';

const LOADER = 'libvulkan.so.1';
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
];

/**
 * Finds a software driver of Vulkan and the library that loads it; installs both if that is
 * possible without asking.
 *
 * @param {Progress} progress
 * @returns {Promise<{ path: string } | { missing: string }>} `missing` is a one-sentence reason
 */
export async function ensureSoftwareVulkan(progress) {
  const named = process.env[VULKAN_VARIABLE];
  if (named)
    return existsSync(named)
      ? { path: named }
      : { missing: `${VULKAN_VARIABLE} names ${named}, which does not exist.` };
  if (process.platform !== 'linux')
    return { missing: `Only Linux has a software driver; ${VULKAN_VARIABLE} can name one.` };
  const chromium = await ensureChromium(progress);
  if ('missing' in chromium) return chromium;
  const driver = [dirname(chromium.path), DEBIAN]
    .map((folder) => join(folder, DRIVER))
    .find((path) => existsSync(path));
  if (driver === undefined) return { missing: `${chromium.path} comes without ${DRIVER}.` };
  if (hasLoader()) return { path: driver };
  const problem = await installDebianPackages(['libvulkan1'], 'the loader of Vulkan', progress);
  if (hasLoader()) return { path: driver };
  return {
    missing:
      `There is no ${LOADER}, and it could not be installed: ${problem ?? 'its package has none'}. ` +
      `Run \`${installLine(['libvulkan1'])}\`.`,
  };
}

function hasLoader() {
  return LIBRARIES.some((folder) => existsSync(join(folder, LOADER)));
}
