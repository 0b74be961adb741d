import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, runCommand } from './command.mjs';
import { withInstallLock } from './install-lock.mjs';
import { SetupProblem } from './setup-problem.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What the window's pages are made of, relative to the checkout. */
const SOURCES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'];

/**
 * The folder with the window's built pages. In a checkout they are built when they are missing or older than
 * what they are made of; an installed studio has them as they came.
 *
 * @param {{ root?: string, onBuild?: () => void, onWait?: () => void }} [options] `onBuild` is called before
 *   a build, `onWait` when another process is building
 * @returns {Promise<string>} absolute path of the folder
 * @throws {SetupProblem} when there are none and they cannot be built
 */
export async function builtRenderer(options = {}) {
  const root = options.root ?? ROOT;
  const folder = join(root, 'dist', 'renderer');
  if (!isStale(root, folder)) return folder;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  if (!existsSync(vite))
    throw new SetupProblem(
      `The window's pages in ${folder} are missing or out of date, and what builds them is not installed.`,
      `Run \`npm run setup\` in ${root}.`,
    );
  await withInstallLock(
    join(root, 'dist', '.renderer.lock'),
    async () => {
      // Another process may have built them while this one waited.
      if (!isStale(root, folder)) return;
      options.onBuild?.();
      await build(root, vite, folder);
    },
    options.onWait === undefined ? {} : { onWait: options.onWait },
  );
  return folder;
}

/**
 * Builds beside and swaps, so that nobody ever sees half of it.
 *
 * @param {string} root
 * @param {string} vite
 * @param {string} folder
 */
async function build(root, vite, folder) {
  const beside = join(dirname(folder), `.renderer-${randomBytes(6).toString('hex')}`);
  mkdirSync(beside, { recursive: true });
  try {
    const args = [vite, 'build', '--logLevel', 'warn', '--outDir', join(beside, 'new')];
    const { code, signal, output } = await runCommand(process.execPath, args, { cwd: root });
    if (code !== 0)
      throw new SetupProblem(
        `The window's pages could not be built (${code ?? signal}):\n${lastLines(output)}`,
        `Run \`npx vite build\` in ${root} to see all of it.`,
      );
    if (existsSync(folder)) renameSync(folder, join(beside, 'old'));
    renameSync(join(beside, 'new'), folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {string} folder
 */
function isStale(root, folder) {
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return true;
  // An installed studio comes without the sources.
  if (!existsSync(join(root, 'renderer'))) return false;
  const builtAt = statSync(page).mtimeMs;
  return SOURCES.some((source) => newest(join(root, source)) > builtAt);
}

/**
 * The latest change of a file, or of anything in a folder; 0 when there is none.
 *
 * @param {string} path
 */
function newest(path) {
  if (!existsSync(path)) return 0;
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  // The folder's own time tells of files that were taken away.
  let latest = info.mtimeMs;
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const entry = statSync(join(path, name), { throwIfNoEntry: false });
    if (entry !== undefined) latest = Math.max(latest, entry.mtimeMs);
  }
  return latest;
}
